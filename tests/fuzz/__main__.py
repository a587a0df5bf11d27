"""Reads damaged files of every kind and prints what became of them: `python -m tests.fuzz`.

--inputs N       how many in all (20,000)
--reader NAME    of readers whose name has this in it alone
--run WORD       other files than those of the usual run: the same word gives the same files
--processes N    that read at the same time (2)
--keep           what fails is added to tests/fuzz/corpus
--show           prints every failure, not one of each fault
"""

import argparse
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from queue import Empty, Queue

from tests.fuzz import catalog, corpus
from tests.fuzz.catalog import Input
from tests.fuzz.outcomes import Found
from tests.fuzz.pool import Watched
from tests.fuzz.table import Results, is_held

PIECE = 40
"""Inputs that a process takes at a time."""


def main() -> int:
    """Read, print, and return 1 if anything failed."""
    options = _options()
    results = Results()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="neuroboard-samples-") as samples:
        for given, found in _all_found(options, Path(samples)):
            results.add(given, found)
            if found is not None and not found.outcome.is_right:
                _tell(given, found, options)
                if options.keep and not is_held(given, found):
                    _keep(given, found, Path(samples))
        _absent(results)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("\n" + results.table())
    seconds = used.ru_utime + used.ru_stime
    print(f"\n{seconds:.0f} s of processor time in {time.monotonic() - began:.0f} s")
    print(results.faults())
    return int(results.failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=(__doc__ or "").split(":")[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--reader", default="")
    parser.add_argument("--run", default="fuzz")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


def _all_found(options: argparse.Namespace, samples: Path) -> Iterator[tuple[Input, Found | None]]:
    """What becomes of each input, in the order in which they are read."""
    pieces: Queue[list[Input]] = Queue()
    for (group, reader), count in catalog.shares(options.inputs, reader=options.reader).items():
        given = list(catalog.inputs(group, reader, count, options.run))
        for start in range(0, len(given), PIECE):
            pieces.put(given[start : start + PIECE])
    found: Queue[tuple[Input, Found | None] | None] = Queue()
    readers = [threading.Thread(target=_read, args=(pieces, samples / str(number), found))
               for number in range(options.processes)]  # fmt: skip
    for one in readers:
        one.start()
    for _ in readers:
        while (answer := found.get()) is not None:
            yield answer


def _read(
    pieces: "Queue[list[Input]]", samples: Path, found: "Queue[tuple[Input, Found | None] | None]"
) -> None:
    try:
        with Watched(samples) as watched:
            while True:
                for given in pieces.get_nowait():
                    found.put((given, watched.found({"input": asdict(given)})))
    except Empty:
        pass
    finally:
        found.put(None)


_told: Counter[str] = Counter()


def _tell(given: Input, found: Found, options: argparse.Namespace) -> None:
    fault = f"{given.reader} {found.outcome} {found.detail.partition(': ')[0]}"
    _told[fault] += 1
    if options.show or _told[fault] == 1:
        print(
            f"{found.outcome}: {given.reader}/{given.sample}/{given.number}: {found.detail}",
            flush=True,
        )


def _keep(given: Input, found: Found, samples: Path) -> None:
    reader = catalog.readers(given.group)[given.reader]
    whole = catalog.load_sample(samples / "kept", reader, given.sample)
    if whole is not None:
        corpus.keep(given, whole, f"{found.outcome} {found.detail}")


def _absent(results: Results) -> None:
    for reader, sample in sorted(results.absent):
        print(f"not read: {reader}, {sample}: its real data are not beside the repository")


if __name__ == "__main__":
    sys.exit(main())
