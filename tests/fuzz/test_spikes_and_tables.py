"""Damaged files of these kinds are read, or leave a sentence; see `tests.fuzz`."""

import pytest

from tests.fuzz import checks
from tests.fuzz.pool import Watched

GROUPS = ("recordings", "sortings", "tables")


@pytest.mark.parametrize(("group", "reader"), checks.readers_of(GROUPS))
def test_whole_files_are_read(watched: Watched, group: str, reader: str) -> None:
    checks.require_whole(watched, group, reader)


@pytest.mark.parametrize(("group", "reader"), checks.readers_of(GROUPS))
def test_damaged_files_leave_a_sentence(watched: Watched, group: str, reader: str) -> None:
    checks.require_right(watched, group, reader)


def test_what_once_failed_leaves_a_sentence(watched: Watched) -> None:
    checks.require_kept_right(watched, GROUPS)
