"""SpikeInterface's compiled functions, kept on disk.

SpikeInterface compiles with numba and does not keep the result, so every new process spends half a
minute on it. While this context is open, what is imported and compiled is cached beside its source,
or in numba's own folder where that cannot be written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


@contextmanager
def kept_on_disk() -> Iterator[None]:
    """Make numba cache every function that is decorated within."""
    import numba  # 50 MB of memory that our own sorter does without

    before = numba.jit, numba.njit
    numba.jit, numba.njit = (_caching(decorator) for decorator in before)
    try:
        yield
    finally:
        numba.jit, numba.njit = before


def _caching(decorator: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(decorator)
    def decorated(*functions: Any, **options: Any) -> Any:
        return decorator(*functions, **{"cache": True, **options})

    return decorated
