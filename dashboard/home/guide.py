"""The guide: the documents that come with Neuroboard, as pages."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from dash import Dash, dcc, html

from dashboard.kit import shell
from dashboard.kit.aria import aria

PAGE = {"module": "guide", "path_template": "/guide/<name>", "title": "Guide – Neuroboard"}
DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"\]\((?:\.\./docs/)?([a-z]+)\.md(?:#[^)]*)?\)")


def layout(name: str = "", **_given: str) -> Any:
    """One document, its links leading to the others; pictures are only in the files."""
    known = documents()
    links = [dcc.Link(title, href=f"/guide/{one}") for one, title in known.items()]
    others = html.Nav(links, className="row", **aria(label="Pages of the guide"))
    if name not in known:
        return shell.page("Guide", "There is no such page of the guide.", others)
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    rest = text.partition("\n")[2]  # the title stands above
    shown = LINK.sub(r"](/guide/\1)", PICTURE.sub("", rest))
    return shell.page(
        known[name], "", others, html.Div(dcc.Markdown(shown), className="card guide")
    )


@cache
def documents() -> dict[str, str]:
    """The titles of all documents, by name."""
    files = sorted(DOCS.glob("*.md")) if DOCS.is_dir() else []
    return {one.stem: _title(one) for one in files if one.stem.isalpha() and one.stem.islower()}


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return lines.readline().strip("# \n") or file.stem


def register(_app: Dash) -> None:
    """Nothing to connect."""
