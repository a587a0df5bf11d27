"""What numba compiled, kept on disk: the one place where its decorators are exchanged.

umap-learn and SpikeInterface leave `cache=True` off almost everywhere, so that each new process
compiles anew: 10 s of processor time before the first map, half a minute before the first sorter
of SpikeInterface. The numbers are the same. Kept is beside the libraries' sources, or in
`NUMBA_CACHE_DIR`. Tested with numba 0.61 to 0.66: it looks for `njit` and `jit` at its top level.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

DECORATORS = ("jit", "njit")


def keep_compiled() -> None:
    """Make `cache=True` the default of numba's decorators in this process.

    To be called before the libraries that use them are imported.
    """
    import numba  # 50 MB of memory, which the supervisor and our own sorter do without

    for name in DECORATORS:
        setattr(numba, name, _caching(getattr(numba, name)))


@contextmanager
def kept_on_disk() -> Iterator[None]:
    """Do so for what is decorated within."""
    import numba

    before = {name: getattr(numba, name) for name in DECORATORS}
    keep_compiled()
    try:
        yield
    finally:
        for name, decorator in before.items():
            setattr(numba, name, decorator)


def _caching(decorator: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(decorator)
    def decorated(*functions: Any, **options: Any) -> Any:
        return decorator(*functions, **{"cache": True, **options})

    return decorated
