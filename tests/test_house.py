"""The house: its rooms, the wall between light ones and workers', and the map of both."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import house

REPOSITORY = Path(__file__).resolve().parent.parent
HEAVY = {"sklearn", "umap", "hdbscan", "spikeinterface", "numba", "xgboost"}
LONGEST_FILE = 600
LARGEST_ROOM = 20
LONGEST_FUNCTION = 50
FILES = {
    ".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): file
    for layer in ("pipelines", "dashboard")
    for file in sorted((REPOSITORY / layer).rglob("*.py"))
}
LIGHT = {room.folder.replace("/", ".") for room in house.rooms() if room.light}


def imports(module: str, *, lazily: bool = False) -> Iterator[str]:
    """What a module imports, as dotted names; inside functions only where asked for."""
    pending: list[ast.AST] = [ast.parse(FILES[module].read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not lazily:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {name: f"{node.module}.{name.name}" for name in node.names}
            yield from (path if path in FILES else node.module for path in whole.values())
        pending += ast.iter_child_nodes(node)


def reached(module: str) -> set[str]:
    """Every module that importing one imports, and the libraries."""
    seen: set[str] = set()
    pending = [module]
    while pending:
        for name in imports(pending.pop()):
            if name not in seen:
                seen.add(name)
                pending += [name] if name in FILES else []
    return seen


def room_of(module: str) -> str:
    return module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]


def heavy(module: str) -> set[str]:
    return {name.split(".")[0] for name in reached(module)} & HEAVY


@pytest.mark.parametrize("room", sorted(LIGHT))
def test_a_light_room_imports_no_heavy_library(room: str) -> None:
    members = [module for module in FILES if room_of(module) == room]
    assert {module: heavy(module) for module in members if heavy(module)} == {}


def test_the_dashboard_imports_light_rooms_and_no_others() -> None:
    """What lies beside the rooms, such as parameters, may be imported where it is light itself."""
    beside = {"pipelines", "pipelines.spikes", "pipelines.brainmap", "pipelines.synapses"}
    wrong = {
        (module, name)
        for module in FILES
        if module.startswith("dashboard")
        for name in imports(module, lazily=True)
        if name in FILES and name.startswith("pipelines")
        if room_of(name) not in LIGHT and (room_of(name) not in beside or heavy(name))
    }
    assert wrong == set()


def test_no_file_is_too_long_to_be_known_and_no_room_too_full() -> None:
    lengths = {name: file.read_text("utf-8").count("\n") for name, file in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}
    full = {room.folder: room.modules for room in house.rooms() if room.modules > LARGEST_ROOM}
    assert full == {}


def test_no_function_has_to_be_scrolled() -> None:
    long = {
        (name, node.name): length
        for name, file in FILES.items()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_room_says_what_it_holds() -> None:
    assert [room.folder for room in house.rooms() if not room.about.endswith(".")] == []


def test_the_map_and_its_picture_are_true() -> None:
    assert house.guide() == house.GUIDE.read_text(encoding="utf-8")
    assert house.picture() == house.PICTURE.read_text(encoding="utf-8")


def test_the_guide_names_files_and_rows_that_exist() -> None:
    text = house.GUIDE.read_text(encoding="utf-8")
    files = set(re.findall(r"`((?:pipelines|dashboard|tests|docs)/[\w/]+\.(?:py|md))`", text))
    assert len(files) > 20
    assert [file for file in sorted(files) if not (REPOSITORY / file).is_file()] == []
    rows = re.findall(r"`([\w/]+\.py)`, `(\w+)`", text)
    assert len(rows) > 10
    for file, row in rows:
        assert re.search(rf"^(class )?{row}\b", (REPOSITORY / file).read_text("utf-8"), re.M), row
