"""The house: its rooms, the wall between light ones and workers', and the map of both."""

import ast
import functools
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
AXIS = (
    r"(?:spikes?|samples?|channels?|units?|voxels?|pixels?|rows?|columns?|features?|synapses?|"
    r"clusters?|planes?|segments?|electrodes?|frames?|blocks?|cent(?:er|re)s?|components?|colou?rs?|"
    r"metrics?|pairs?|points?|values?|bins?|times?|records?|maps?|class(?:es)?|dimensions?|groups?|"
    r"stretch(?:es)?|neighbou?rs?|steps?|lags?|signals?|pages?|curves?|items?|neurons?|rgb|[a-z]|"
    r"\d+)"
)
SHAPE = re.compile(
    # (n,) and (spike, sample, channel), but not a place (x, y)
    rf"\((?!x, y\))(?:{AXIS}(?: [+-] 1)?|\.\.\.),(?:\s+(?:{AXIS}|\.\.\.),?)*\)"
    r"|\b(?:one|values?|numbers?|labels?|counts?|index|indices|places?|flags?|true)\s+"
    r"(?:\w+\s+){0,3}(?:per|for\s+each|for\s+every|of\s+each|of\s+every)\s+"
    rf"(?:\w+\s+)?{AXIS}\b"  # one label per spike
    r"|\bshape\s+\(|\bsame\s+shape\s+as\b|\bin\s+the\s+shape\s+of\b|\bany\s+shape\b",
    re.IGNORECASE,
)
LIGHT = {room.folder.replace("/", ".") for room in house.rooms() if room.light}


@functools.cache
def parsed(module: str) -> ast.Module:
    """A module's syntax: parsed once, for every room of the house is asked about most modules."""
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


@functools.cache
def imports(module: str, *, lazily: bool = False) -> list[str]:
    """What a module imports, as dotted names; inside functions only where asked for."""
    return list(_imports(module, lazily=lazily))


def _imports(module: str, *, lazily: bool) -> Iterator[str]:
    pending: list[ast.AST] = [parsed(module)]
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


def test_a_public_class_has_a_name_of_its_own() -> None:
    """One word for one meaning: whoever reads a name knows which class it is."""
    places: dict[str, list[str]] = {}
    for module, file in FILES.items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_function_has_to_be_scrolled() -> None:
    long = {
        (name, node.name): length
        for name in FILES
        for node in ast.walk(parsed(name))
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


@functools.cache
def array_names(module: str) -> set[str]:
    """The names a module gives to kinds of array, its own and those it imports."""
    names = {"NDArray", "ndarray"}
    for node in parsed(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Subscript | ast.BinOp) and mentions(node.value, names):
                names.add(node.targets[0].id)
        elif isinstance(node, ast.ImportFrom) and node.module in FILES and node.module != module:
            theirs = array_names(node.module)
            names |= {name.asname or name.name for name in node.names if name.name in theirs}
    return names


def mentions(annotation: ast.expr | None, names: set[str]) -> bool:
    """Whether an annotation, written in quotes or not, has one of the names in it."""
    found = annotation is not None and re.findall(r"\w+", ast.unparse(annotation))
    return bool(found and names.intersection(found))


def on_arrays(node: ast.stmt, names: set[str]) -> bool:
    """Whether a function takes or returns an array, or a class keeps one in a field."""
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return any(mentions(it, names) for it in [node.returns, *(a.annotation for a in arguments)])
    return isinstance(node, ast.ClassDef) and any(
        isinstance(field, ast.AnnAssign) and mentions(field.annotation, names)
        for field in node.body
    )


def shapes_said(package: str) -> dict[str, bool]:
    """Of each public function and class on arrays, whether it or its class says a shape."""
    said: dict[str, bool] = {}
    for module in (name for name in FILES if f"{name}.".startswith(f"{package}.")):
        names = array_names(module)
        pending = [("", node) for node in parsed(module).body]
        while pending:
            above, node = pending.pop()
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            text = f"{above} {ast.get_docstring(node) or ''}"
            if isinstance(node, ast.ClassDef):
                pending += [(text, member) for member in node.body]
            if on_arrays(node, names):
                said[f"{module}:{node.lineno} {node.name}"] = bool(SHAPE.search(text))
    return said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Waveforms in microvolts, (spike, sample, channel).", True),
        ("Places of the spikes, (n,).", True),
        ("One label for each spike.", True),
        ("Labels, one per\nspike.", True),
        ("Features (n, d) of synapses.", True),
        ("RGB (..., y, x, 3) of images.", True),
        ("Correlations (voxel, signal).", True),
        ("The mask, in the shape of the samples.", True),
        ("The rate of a unit, in spikes per second.", False),
        ("As of Hill (Hill, Mehta, Kleinfeld 2011).", False),
        ("The direction of the arrow to (x, y).", False),
        ("Keeps the waveform's shape metrics.", False),
        ("Reads the samples of each.", False),
        ("Tells the shape of a waveform from that of another.", False),
        ("Draws the panels for each unit.", False),
    ],
)
def test_a_shape_is_told_from_other_words(text: str, says: bool) -> None:
    assert bool(SHAPE.search(text)) is says


def test_docstrings_of_functions_on_arrays_say_their_shapes() -> None:
    said = shapes_said("pipelines")
    assert len(said) > 500
    assert [name for name, says in said.items() if not says] == []


NAMED = re.compile(r"`([a-z_]\w*)\.(\w+)`")
ELSEWHERE = {"numpy", "pandas", "caiman"}
FILE_ENDINGS = {"py", "txt", "dat"}


def docstrings_and_code(file: Path) -> tuple[list[str], str]:
    """The texts in a module that stand by themselves, and its lines without them."""
    source = file.read_text(encoding="utf-8")
    texts, lines = [], source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts.append(str(node.value.value))
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return texts, "\n".join(lines)


def test_what_docstrings_name_in_other_modules_is_there() -> None:
    parts = {module: docstrings_and_code(file) for module, file in FILES.items()}
    code = "\n".join(lines for _, lines in parts.values())
    held: dict[str, set[str]] = {}
    for module, (_, lines) in parts.items():
        *_, room, name = f"top.{module}".split(".")
        held.setdefault(room, set()).add(name)
        held.setdefault(name, set()).update(re.findall(r"^(?:def |class )?(\w+)", lines, re.M))
    named = {
        (module, f"{first}.{second}")
        for module, (texts, _) in parts.items()
        for first, second in NAMED.findall("\n".join(texts))
        if first not in ELSEWHERE and second not in held.get(first, set()) | FILE_ENDINGS
    }
    assert len(NAMED.findall(str([texts for texts, _ in parts.values()]))) > 100
    assert [(module, name) for module, name in sorted(named) if name not in code] == []
