"""One watched worker for a file of tests."""

from collections.abc import Iterator

import pytest

from tests.fuzz.pool import Watched


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with Watched() as pool:
        yield pool
