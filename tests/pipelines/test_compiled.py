"""What numba compiles is kept: the decorators of numba that are exchanged, and put back."""

import re
import subprocess
import sys
from pathlib import Path

import numba
from numba.core.caching import NullCache

from pipelines.core import compiled

PROJECT = Path(__file__).parents[2]
EXCHANGED = re.compile(r"numba\.n?jit\s*(,.*)?=[^=]|setattr\(numba")


def triple(number: int) -> int:
    return 3 * number


def is_kept(function: object) -> bool:
    """Whether numba keeps what it compiles of a function; it has no name for it of its own."""
    return not isinstance(function._cache, NullCache)  # type: ignore[attr-defined]


def test_what_is_decorated_within_is_kept_and_nothing_afterwards() -> None:
    before = numba.jit, numba.njit
    with compiled.kept_on_disk():
        found = [numba.njit(triple), numba.njit(nogil=True)(triple), numba.jit(triple)]
        without = numba.njit(cache=False)(triple)
    assert all(map(is_kept, found))
    assert not is_kept(without)
    assert (numba.jit, numba.njit) == before
    assert not is_kept(numba.njit(triple))


def test_a_workers_process_keeps_what_umap_compiles() -> None:
    program = (
        "from pipelines.core.compiled import keep_compiled; keep_compiled()\n"
        "import umap.layouts, pynndescent.distances as d\n"
        "from numba.core.caching import NullCache\n"
        "kept = [f for f in vars(d).values() if hasattr(f, '_cache')]\n"
        "assert len(kept) > 20 and not any(isinstance(f._cache, NullCache) for f in kept)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, timeout=120)


def test_nothing_else_exchanges_them() -> None:
    files = [
        file for layer in ("pipelines", "dashboard") for file in (PROJECT / layer).rglob("*.py")
    ]
    found = [file.name for file in files if EXCHANGED.search(file.read_text(encoding="utf-8"))]
    assert found == ["compiled.py"]
