"""Files and folders as a list: what is recognised can be pressed, all else is grey.

What is pressed is told by `assets/25-start.js`: a list that changes while the server answers a
press would take that answer back, were its entries inputs of the callback themselves.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.home.usage import in_words
from dashboard.kit.aria import aria, data
from dashboard.server.browse import Folder, FolderItem


def crumbs(roots: Sequence[Path], place: str) -> list[Component]:
    """The folders that lead to one, each to be opened; none where there is only that one."""
    parts = PurePosixPath(place).parts if place else ()
    above = [str(PurePosixPath(*parts[:n])) for n in range(1, len(parts))]
    first = [_open("", "Data roots")] if place and len(roots) > 1 else []
    links = [*first, *(_open(one, PurePosixPath(one).name) for one in above)]
    here = [html.Strong(parts[-1])] if parts else []
    return [html.Div([*links, *here], className="crumbs")] if links or here else []


def folder(found: Folder, recent: Sequence[str]) -> list[Component]:
    """What is in a folder; before it what was used last."""
    lists: list[Component] = []
    if recent:
        used = [html.Li(_take(place, PurePosixPath(place).name, place)) for place in recent]
        lists += [_heading("Recently used"), html.Ul(used), _heading("Folders and files")]
    if found.is_input:
        name = PurePosixPath(found.place).name
        whole = html.Li(_take(found.place, f"This folder, {name}", ""))
        lists.append(html.Ul([whole]))
    if not found.entries:
        lists.append(html.P("There is nothing in this folder.", className="hint"))
    lists.append(html.Ul([_row(one) for one in found.entries]))
    if found.more:
        lists.append(html.P(f"{found.more:,} more: search to find them.", className="hint"))
    return lists


def found(what: tuple[FolderItem, ...] | Folder, noun: str) -> list[Component]:
    """What a search found."""
    if isinstance(what, Folder):
        return folder(what, [])
    if not what:
        words = f"No {noun} found whose place has all of these words."
        return [html.P(words, className="hint", role="status")]
    return [html.Ul([_row(one) for one in what])]


def _heading(text: str) -> Component:
    heading: Component = html.H3(text, className="quiet-heading")
    return heading


def _row(one: FolderItem) -> Component:
    return html.Li(list(_cells(one)))


def _cells(one: FolderItem) -> Iterator[Any]:
    """Opened, chosen, both, or neither."""
    about = _about(one)
    if one.is_folder:
        yield _open(one.place, one.name, about)
        if one.is_input:
            yield _take(one.place, "Use folder", "", f"Use the folder {one.name}")
    elif one.is_input:
        yield _take(one.place, one.name, about)
    else:
        yield html.Span([html.Span(one.name), _quiet(about)], className="entry other")


def _about(one: FolderItem) -> str:
    day = datetime.fromtimestamp(one.changed).strftime("%Y-%m-%d") if one.changed else ""
    return "  ".join(part for part in (in_words(one.bytes) if one.bytes else "", day) if part)


def _quiet(text: str) -> Component:
    return html.Span(text, className="entry-about")


def _open(place: str, text: str, about: str = "") -> Component:
    return html.Button(
        [html.Span(text), _quiet(about)],
        className="entry folder",
        type="button",
        **data(place=place),
    )


def _take(place: str, text: str, about: str, label: str = "") -> Component:
    return html.Button(
        [html.Span(text), _quiet(about)],
        className="entry take",
        type="button",
        title=place,
        **data(place=place),
        **(aria(label=label) if label else {}),
    )
