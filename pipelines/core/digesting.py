"""The inputs of a run, digested while it runs."""

import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from pipelines.core.errors import InputError
from pipelines.core.fingerprint import Fingerprint, fingerprint
from pipelines.core.progress import Report
from pipelines.core.provenance import InputRecord, beside, digest_of, files_below

NICENESS = 10


class Digesting:
    """Takes the sha256 of all inputs in a thread of its own, which yields to the task's.

    Used as a context; leaving it stops the thread at once. Files that come into a folder
    meanwhile, such as the result itself, do not count.
    """

    def __init__(self, inputs: Mapping[str, Path], out: Path) -> None:
        """Look at all inputs.

        Args:
            inputs: of the run, by their names.
            out: where its result will lie.

        Raises:
            InputError: one cannot be read.
        """
        self._inputs, self._out = inputs, out
        self._stop = threading.Event()
        try:
            self._files = {name: list(files_below(path)) for name, path in inputs.items()}
            self._seen = {name: self._look(name) for name in inputs}
        except OSError as error:
            raise InputError(
                f"{error.filename} cannot be read: {error.strerror or error}."
            ) from None

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(1)
        self._digests: Future[dict[str, str]] = self._pool.submit(self._digest)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._pool.shutdown()

    def records(self, report: Report) -> list[InputRecord]:
        """Wait until everything is digested, and describe the inputs.

        Args:
            report: asked now and then, so that waiting can be cancelled.
        """
        while not self._digests.done():
            report(0.99, "Taking the sha256 of the input for the record")
            threading.Event().wait(0.2)
        digests = self._digests.result()
        return [
            InputRecord(
                name,
                str(path),
                digests[name],
                self._seen[name].size,
                beside(path, self._out),
                self._seen[name].sha256,
            )
            for name, path in self._inputs.items()
        ]

    def notes(self) -> list[str]:
        """A sentence about every input that is not what it was when the run began."""
        return [
            f"{path} was changed while it was read: the result may be made from both. Run it again "
            "when nothing writes there any more."
            for name, path in self._inputs.items()
            if self._is_changed(name)
        ]

    def _is_changed(self, name: str) -> bool:
        try:
            return self._look(name) != self._seen[name]
        except OSError:
            return True

    def _look(self, name: str) -> Fingerprint:
        return fingerprint(self._inputs[name], self._files[name])

    def _digest(self) -> dict[str, str]:
        _yield_to_others()
        return {name: self._digest_of(name) for name in self._inputs}

    def _digest_of(self, name: str) -> str:
        try:
            return digest_of(self._inputs[name], self._files[name], self._stop)
        except OSError:
            return ""  # it is gone; the notes say so


def _yield_to_others() -> None:
    """Give the rest of the program the first turn at processor and disk.

    Only Linux has a priority for each thread.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
