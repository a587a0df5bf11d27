"""What the tests of all readers ask: whole files are read, damaged and kept ones end well."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from tests.fuzz import catalog, corpus
from tests.fuzz.catalog import Input
from tests.fuzz.outcomes import Found, Outcome
from tests.fuzz.pool import Watched
from tests.fuzz.table import is_held

IN_TESTS = 3000
"""Of all damaged files, those that every `make test` reads; `make fuzz` reads others."""
RUN = "test"


def readers_of(groups: Iterable[str]) -> list[Any]:
    """Group and reader, for a test's parameters."""
    return [
        pytest.param(group, name, id=name) for group in groups for name in catalog.readers(group)
    ]


def require_whole(watched: Watched, group: str, reader: str) -> None:
    """A reader reads the samples from which damaged files are made."""
    for sample in catalog.readers(group)[reader].samples:
        whole = Input(group, reader, sample.name, "whole", 0)
        found = watched.found({"input": asdict(whole)})
        assert found is None or found.outcome is Outcome.OK, f"{sample.name}: {found}"


def require_right(watched: Watched, group: str, reader: str) -> None:
    """Damaged files of a reader are read, or leave a sentence."""
    count = catalog.shares(IN_TESTS)[group, reader]
    given = list(catalog.inputs(group, reader, count, RUN))
    faults = [
        f"{one.sample}/{one.number}: {found.outcome} {found.detail}"
        for one, found in ((one, watched.found({"input": asdict(one)})) for one in given)
        if _is_fault(one, found)
    ]
    assert not faults, f"python -m tests.fuzz --reader '{reader}'\n" + "\n".join(faults)


def require_kept_right(watched: Watched, groups: Sequence[str]) -> None:
    """What once failed does so no more."""
    faults = []
    for file in corpus.all_kept():
        kept = corpus.Kept.read(file)
        if kept.group in groups:
            found = watched.found({"kept": str(file)})
            if _is_fault(Input(kept.group, kept.reader, kept.sample, kept.run, kept.number), found):
                faults.append(f"{file.relative_to(corpus.FOLDER)}: {found}")
    assert not faults, "\n".join(faults)


def _is_fault(given: Input, found: Found | None) -> bool:
    return found is not None and not found.outcome.is_right and not is_held(given, found)
