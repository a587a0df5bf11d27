"""Results that commit 58027b6 wrote: small archives that every later version opens."""

import json
import tarfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

ARCHIVES = Path(__file__).parent / "fixtures" / "written_by_58027b6"
DIGESTS: dict[str, Any] = json.loads((ARCHIVES / "digests.json").read_text(encoding="utf-8"))
HOLDS: dict[str, Any] = DIGESTS["holds"]


def unpack(folder: Path, *kinds: str) -> Path:
    """Unpack archives into a folder, each below its own name there, and return the folder."""
    for kind in kinds:
        with tarfile.open(ARCHIVES / f"{kind}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
    return folder


def needs_same_scikit_learn(bundle: Path) -> None:
    """Estimators of another scikit-learn are refused, which tests of bundles are about."""
    made = json.loads((bundle / "card.json").read_text(encoding="utf-8"))["versions"]
    here = metadata.version("scikit-learn")
    if made["scikit-learn"].split(".")[:2] != here.split(".")[:2]:
        pytest.skip(f"the bundle is of scikit-learn {made['scikit-learn']}, here is {here}")
