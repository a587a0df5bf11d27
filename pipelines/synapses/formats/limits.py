"""How large a table may be, and what the process that unpacks it may use."""

import os
import sys
import threading
import time
from dataclasses import dataclass

from pipelines.processes.bounds import lowered

MB = 10**6
WATCH_SECONDS = 0.05
MEMORY_EXIT = 77
"""The exit code of a process that its own watch ended for the memory that it took."""


@dataclass(frozen=True)
class Limits:
    """How large a table may be. Ordinary workbooks inflate 5 to 12 times.

    Attributes:
        file_bytes: of a file that is unpacked.
        text_bytes: of a text table, which cannot inflate.
        rows: most rows.
        columns: most columns.
        inflated_bytes: of all members of an archive together.
        inflation: most times that one member may inflate.
        members: most files in an archive.
        memory_bytes: of the process that unpacks.
        answer_bytes: of what it may answer.
        seconds: of processor time it may take for a small file.
        seconds_per_mb: what it may take more, for each MB of the file.
    """

    file_bytes: int = 50 * MB
    text_bytes: int = 500 * MB
    rows: int = 10**6
    columns: int = 200
    inflated_bytes: int = 200 * MB
    inflation: int = 100
    members: int = 2000
    memory_bytes: int = 2000 * MB
    answer_bytes: int = 1000 * MB
    seconds: int = 20
    seconds_per_mb: int = 5

    def processor_seconds(self, size: int) -> int:
        """What unpacking a file of so many bytes may take."""
        return self.seconds + self.seconds_per_mb * (size // MB)

    def apply(self, size: int) -> None:
        """Hold this process to memory, processor time and size of files, where the system can.

        macOS refuses to limit the address space and Windows has no such limits: there the
        memory in use is watched instead, here and by the process that waits.
        """
        lowered("RLIMIT_CPU", self.processor_seconds(size))
        lowered("RLIMIT_FSIZE", self.answer_bytes)
        if not lowered("RLIMIT_AS", self.memory_bytes) and sys.platform != "win32":
            threading.Thread(target=_watch_memory, args=(self.memory_bytes,), daemon=True).start()


def _watch_memory(most: int) -> None:
    """End this process when it has taken more memory than it may."""
    while most_memory_used() <= most:
        time.sleep(WATCH_SECONDS)
    os._exit(MEMORY_EXIT)


def most_memory_used() -> int:
    """The most memory that this process has used so far, in bytes."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
