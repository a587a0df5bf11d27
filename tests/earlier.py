"""Results that commit 58027b6 wrote: small archives that every later version opens."""

import json
import tarfile
from pathlib import Path
from typing import Any

ARCHIVES = Path(__file__).parent / "fixtures" / "written_by_58027b6"
DIGESTS: dict[str, Any] = json.loads((ARCHIVES / "digests.json").read_text(encoding="utf-8"))
HOLDS: dict[str, Any] = DIGESTS["holds"]


def unpack(folder: Path, *kinds: str) -> Path:
    """Unpack archives into a folder, each below its own name there, and return the folder."""
    for kind in kinds:
        with tarfile.open(ARCHIVES / f"{kind}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
    return folder
