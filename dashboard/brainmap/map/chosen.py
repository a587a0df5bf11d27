"""What a person chose to see of a brain map, and the map that is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from dashboard.server.posted import offered
from pipelines.brainmap.map.folder import FinishedMap, MapOfK, open_map

STACK = "stack"
Planes = Annotated[str, Field(pattern=rf"^({STACK}|[0-9]{{1,6}})$")]
"""What of a volume is shown: all planes as one, or some from one on."""
PALETTES: Mapping[str, str] = {
    "similarity": "similar clusters alike, all apart",
    "notebook": "angles of RGB triplets",
    "colorblind": "safe for colour-blind people (up to 10)",
}


@dataclass(frozen=True)
class Look:
    """What a person chose to see.

    Attributes:
        k: number of clusters.
        palette: a key of `PALETTES`.
        planes: number of the first plane shown, or `STACK`.
        masked: whether colours fade over the mean image where similarity is low.
        alone: the only cluster shown in its colour, or None for all.
        dimensions: of the view of the centroids, 2 or 3.
    """

    k: int
    palette: str
    planes: str = "0"
    masked: bool = False
    alone: int | None = None
    dimensions: int = 2


@lru_cache(maxsize=4)
def load(folder: Path) -> FinishedMap:
    """Open a map once; a finished map never changes."""
    return open_map(folder)


@lru_cache(maxsize=8)
def load_map(folder: Path, k: int, palette: str) -> MapOfK:
    """The map of one K."""
    found = load(folder)
    return found.of_k(offered(k, found.ks), palette)
