"""The house in `docs/developing.md`: its rooms as a table and as a picture, from the code itself.

`python docs/house.py` writes both anew; a test says when they are no longer true.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
GUIDE = REPOSITORY / "docs" / "developing.md"
PICTURE = REPOSITORY / "docs" / "images" / "house.svg"
BEGIN, END = "<!-- rooms: python docs/house.py -->\n", "<!-- end of rooms -->\n"
LIGHT = "Light."
COLUMNS = ("spikes", "brainmap", "synapses", "")
WIDTH, ROW, LEFT, TOP = 250, 44, 20, 60


@dataclass(frozen=True)
class Room:
    """A folder of code.

    Attributes:
        folder: its path in the repository.
        about: the first line of its `__init__.py`, without the word that marks a light one.
        light: whether the web process may import it: no heavy library, not even through others.
        modules: how many files of code it holds itself.
    """

    folder: str
    about: str
    light: bool
    modules: int

    @property
    def layer(self) -> str:
        """`dashboard` or `pipelines`."""
        return self.folder.split("/")[0]

    @property
    def subject(self) -> str:
        """`spikes`, `brainmap`, `synapses`, or nothing where it serves all."""
        part = self.folder.split("/")[1:2]
        return part[0] if part and part[0] in COLUMNS else ""


def rooms() -> Iterator[Room]:
    """All folders of code, by path."""
    for layer in ("dashboard", "pipelines"):
        for init in sorted((REPOSITORY / layer).rglob("__init__.py")):
            about = (ast.get_docstring(ast.parse(init.read_text("utf-8"))) or "").split("\n")[0]
            yield Room(
                init.parent.relative_to(REPOSITORY).as_posix(),
                about.removesuffix(LIGHT).strip(),
                about.endswith(LIGHT),
                sum(file.name != "__init__.py" for file in init.parent.glob("*.py")),
            )


def table() -> str:
    """The rooms as Markdown."""
    head = "| room | files | light | what it holds |\n|---|---|---|---|\n"
    rows = (
        f"| `{room.folder}/` | {room.modules} | {'yes' if room.light else ''} | {room.about} |\n"
        for room in rooms()
    )
    return head + "".join(rows)


def picture() -> str:
    """The rooms as SVG: the dashboard above, the pipelines below, a column for each subject."""
    parts: list[str] = []
    bottom = TOP
    for layer, title in (
        ("dashboard", "dashboard/ : pages, jobs, security. Imports light rooms only"),
        (
            "pipelines",
            "pipelines/ : science on arrays and files. Dashed: light; solid: workers only",
        ),
    ):
        parts.append(_text(LEFT, bottom - 12, title, size=15))
        stacks = [_stack(layer, subject) for subject in COLUMNS]
        for column, stack in enumerate(stacks):
            for row, room in enumerate(stack):
                parts.append(_box(LEFT + column * (WIDTH + 12), bottom + row * ROW, room))
        bottom += max(map(len, stacks)) * ROW + 60
    width = LEFT * 2 + len(COLUMNS) * (WIDTH + 12)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom - 50}" '
        'font-family="sans-serif"><title>The rooms of Neuroboard</title>'
        f'<rect width="{width}" height="{bottom - 50}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _stack(layer: str, subject: str) -> list[Room]:
    """A column: light rooms above, for the wall runs below them."""
    own = [room for room in rooms() if room.layer == layer and room.subject == subject]
    return sorted(own, key=lambda room: (not room.light, room.folder))


def _box(x: int, y: int, room: Room) -> str:
    fill, dash = ("#e7f0fa", ' stroke-dasharray="5 3"') if room.light else ("#f4ede0", "")
    files = f"{room.modules} file{'' if room.modules == 1 else 's'}"
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{ROW - 8}" rx="5" fill="{fill}" '
        f'stroke="#44546a"{dash}/>'
        + _text(x + 8, y + 15, room.folder + "/", size=12)
        + _text(x + 8, y + 30, files, size=10)
    )


def _text(x: int, y: int, words: str, size: int) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="#1a1a1a">{escape(words)}</text>'


def guide() -> str:
    """`developing.md` with the table as it is today."""
    before, rest = GUIDE.read_text("utf-8").split(BEGIN)
    return before + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1]


if __name__ == "__main__":
    GUIDE.write_text(guide(), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
