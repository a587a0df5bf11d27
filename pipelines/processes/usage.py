"""What a process uses of the machine: memory and processor time, on Linux, macOS and Windows.

Only memory counts that the process wrote itself. Parts of files that are mapped into it do not:
the system takes them back when it needs the room, so a film larger than the machine's memory can
be read by blocks. It is asked for from outside, as a library in an endless loop answers nothing.
"""

import os
import sys
from pathlib import Path
from typing import Any

KB = 1024
PROC = Path("/proc")
CGROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says how much memory a container may use, in both versions."""
OF_ITS_OWN = ("RssAnon:", "RssShmem:", "VmSwap:")


def memory(pid: int) -> int:
    """Bytes that a process, and on Linux the processes that it started, hold now; 0 if unknown."""
    try:
        if sys.platform == "darwin":
            return _elsewhere().macos(pid).phys_footprint
        if sys.platform == "win32":
            return _elsewhere().windows_memory(pid)
        return sum(_linux_memory(one) for one in _family(pid))
    except (OSError, ValueError, AttributeError):
        return 0


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process has used so far; 0 if unknown."""
    try:
        if sys.platform == "darwin":
            used = _elsewhere().macos(pid)
            return (used.user_time + used.system_time) * _elsewhere().macos_tick() / 1e9
        if sys.platform == "win32":
            return _elsewhere().windows_seconds(pid)
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, AttributeError, IndexError):
        return 0.0


def machine_memory() -> int:
    """Bytes of memory of the machine, or of the container if it may use less; 0 if unknown."""
    try:
        if sys.platform == "win32":
            return _elsewhere().windows_machine()
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0
    return min([whole, *(limit for file in CGROUPS if (limit := _number_in(file)))])


def _number_in(file: Path) -> int:
    try:
        text = file.read_text().strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() else 0


def _elsewhere() -> Any:
    # Takes 15 ms to import, which a command on Linux does without.
    from pipelines.processes import usage_elsewhere

    return usage_elsewhere


# -- Linux


def _linux_memory(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:  # it ended meanwhile
        return 0
    return sum(int(line.split()[1]) * KB for line in lines if line.startswith(OF_ITS_OWN))


def _family(pid: int) -> list[int]:
    """A process and those that it started, and so on."""
    found = [pid]
    for one in found:
        for file in (PROC / str(one) / "task").glob("*/children"):
            try:
                found += map(int, file.read_text().split())
            except OSError:
                continue
    return found
