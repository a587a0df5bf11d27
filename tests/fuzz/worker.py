"""A process that reads damaged files, one after the other, as it is told on standard input.

Each line in is an input (see `catalog`), or a kept one (see `corpus`); each line out says what
became of it. What the product lets a child process do, this process does itself: a file that
crashes it is then the child's, see `Reader.in_child`.
"""

import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from tests.fuzz import corpus, in_process  # noqa: E402
from tests.fuzz.catalog import Input, Whole, damaged_files, load_sample, readers  # noqa: E402
from tests.fuzz.files import Files, write_files  # noqa: E402
from tests.fuzz.outcomes import Found, outcome_of  # noqa: E402
from tests.fuzz.reader import Reader  # noqa: E402


class Worker:
    """Reads inputs; samples are kept in a folder that workers share."""

    def __init__(self, samples: Path) -> None:
        self._samples = samples
        self._wholes: dict[tuple[str, str], Whole | None] = {}
        self._scratch = Path(tempfile.mkdtemp(prefix="neuroboard-fuzz-"))
        # Whatever readers unpack goes with it when they, or this process, die.
        tempfile.tempdir = str(self._scratch)

    def answer(self, asked: Mapping[str, Any]) -> Found | None:
        """What became of an input; none if its sample is not here."""
        if "kept" in asked:
            kept = corpus.Kept.read(Path(asked["kept"]))
            reader = readers(kept.group)[kept.reader]
            whole = self._whole(reader, kept.sample)
            return None if whole is None else self._read(reader, kept.files(whole), whole.target)
        given = Input(**asked["input"])
        reader = readers(given.group)[given.reader]
        whole = self._whole(reader, given.sample)
        if whole is None:
            return None
        return self._read(reader, damaged_files(whole, reader, given), whole.target)

    def _whole(self, reader: Reader, sample: str) -> Whole | None:
        key = (reader.name, sample)
        if key not in self._wholes:
            self._wholes[key] = load_sample(self._samples, reader, sample)
        return self._wholes[key]

    def _read(self, reader: Reader, files: Files, target: str) -> Found:
        place = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            folder = place / "given"
            folder.mkdir()
            write_files(files, folder)
            return outcome_of(reader.read, folder / target if target != "." else folder)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    warnings.simplefilter("ignore")
    in_process.let_this_process_read()
    worker = Worker(Path(sys.argv[1]))
    print("ready", file=answers, flush=True)
    try:
        for line in sys.stdin:
            began = time.process_time()
            found = worker.answer(json.loads(line))
            seconds = round(time.process_time() - began, 4)
            said = [found.outcome, found.detail, seconds] if found else None
            print(json.dumps(said), file=answers, flush=True)
    finally:
        worker.close()


if __name__ == "__main__":
    main()
