"""Scripts, styles and fonts: under which address they lie, and which come late.

Files of `assets/` lie under an address with the digest of all of them, so that browsers keep them
for a year and never have an old one. Scripts that only some pages need are loaded when a page first
needs them: that of the tables, and plotly.js (`assets/05-late.js`).
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import dash_ag_grid
from dash.fingerprint import build_fingerprint

ASSETS = Path(__file__).resolve().parents[2] / "assets"
PLOTLY = "plotly/plotly-strict.min.js"
DASH_PLOTLY_URL = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""Where Dash would ask for plotly.js by itself."""


@cache
def assets_path() -> str:
    """The path below which the assets lie; another one after each change of a file."""
    digest = hashlib.sha256()
    for file in sorted(ASSETS.rglob("*")):
        if file.is_file():
            content = hashlib.sha256(file.read_bytes()).digest()
            digest.update(file.relative_to(ASSETS).as_posix().encode() + b"\0" + content)
    return f"assets/{digest.hexdigest()[:16]}"


def late_grid() -> dict[str, str]:
    """Keep the script of the tables out of pages; the tag that says where it lies."""
    script: dict[str, Any] = dash_ag_grid._js_dist[0]
    name = script["relative_package_path"]
    script["async"] = "lazy"
    modified = int((Path(dash_ag_grid.__file__).parent / name).stat().st_mtime)
    found = build_fingerprint(name, dash_ag_grid.__version__, modified)  # type: ignore[no-untyped-call]
    return {"name": "late-grid", "content": f"/_dash-component-suites/dash_ag_grid/{found}"}
