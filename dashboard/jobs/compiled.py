"""Keeps what numba compiled, so that only the first job ever waits for it.

umap-learn leaves `cache=True` off almost everywhere: each new process compiles anew, 10 s of
processor time before the first map, against 1 s when the compiled functions are kept. The
numbers are the same. Only the worker's processes do this, in the home folder's `cache`.
"""

from typing import Any


def keep_compiled() -> None:
    """Make `cache=True` the default of `numba.njit` in this process.

    To be called before the libraries that use it are imported.
    """
    import numba  # here, so that the supervisor, which imports this module, stays light

    plain = numba.njit

    def njit(*arguments: Any, **options: Any) -> Any:
        options.setdefault("cache", True)
        return plain(*arguments, **options)

    numba.njit = njit
