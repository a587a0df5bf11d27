"""Bundles that run something, lead elsewhere, or break whoever reads them.

Each is a good bundle in which one thing was changed, and all digests were taken anew: whoever can
write a bundle can write its manifest too.
"""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.models import bundles
from pipelines.models.estimators import ubjson
from tests.hostile_models.pickles import Call

Change = Callable[[Path], None]
SKOPS, BOOSTER, ARRAYS, CARD = "classifier.skops", "classifier.ubj", "arrays.npz", "card.json"
Node = dict[str, Any]


def sealed(change: Change) -> Change:
    """The change, and a manifest that fits it."""

    def both(folder: Path) -> None:
        change(folder)
        bundles.write_manifest(folder)

    return both


# -- files of skops


def _schema_changed(change: Callable[[Node], None], more: Mapping[str, bytes] = {}) -> Change:
    """Another description of the estimator, and further members of the archive."""

    def changed(folder: Path) -> None:
        with zipfile.ZipFile(folder / SKOPS) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        schema = json.loads(members["schema.json"])
        change(schema)
        members |= {"schema.json": json.dumps(schema).encode(), **more}
        with zipfile.ZipFile(folder / SKOPS, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)

    return changed


def _with(node: Node) -> Change:
    """The first estimator has an attribute that is described by a node."""

    def change(schema: Node) -> None:
        one = next(one for one in _nodes(schema) if one.get("__loader__") == "ObjectNode")
        one["content"]["content"]["verbose"] = node

    return _schema_changed(change)


def _nodes(schema: Any) -> Iterator[Node]:
    """All descriptions in a description, outer ones first."""
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _text(text: str) -> Node:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(text),
        "is_json": True,
    }


def _node(loader: str, module: str, name: str, **more: Any) -> Node:
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def _first_array(schema: Node, file: str) -> None:
    """Let the first array come from another member."""
    next(one for one in _nodes(schema) if "file" in one)["file"] = file


def _npy(value: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=True)
    return stream.getvalue()


def _head_of(shape: tuple[int, ...]) -> bytes:
    """The head of an array, without its numbers."""
    stream = io.BytesIO()
    about = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, about)
    return stream.getvalue()


def of_skops(canary: Path) -> dict[str, Change]:
    """What can be changed in a file of skops."""
    touch = f"touch '{canary}'"
    system = _node("FunctionNode", "posix", "system", content="system")
    arguments = _node("TupleNode", "builtins", "tuple", content=[_text(touch)])
    objects = _npy(np.array([Call(os.system, touch)], dtype=object))
    empty = _node("DictNode", "builtins", "dict", content={}, key_types=_text("x"))
    deep: Any = _text("x")
    for _ in range(400):
        deep = _node("ListNode", "builtins", "list", content=[deep])
    nodes = {
        "a function": system,
        "a method": _node(
            "MethodNode", "builtins", "str", content={"func": "format", "obj": _text("{0.x}")}
        ),
        "a partial": _node(
            "PartialNode", "functools", "partial",
            content={"func": system, "args": arguments, "kwds": empty, "namespace": empty},
        ),
        "an operator": _node("OperatorFuncNode", "operator", "methodcaller", attrs=arguments),
        "an object of another type": _node("ObjectNode", "subprocess", "Popen", content=empty),
        "an object of a builtin": _node("ObjectNode", "builtins", "eval", content=empty),
        "a type": _node("TypeNode", "posix", "system"),
        "a reduction": _node(
            "TreeNode", "posix", "system", __reduce__={"args": arguments}, content=empty
        ),
        "a tree in another's place": _node(
            "ObjectNode", "sklearn.tree._tree", "Tree", content=empty
        ),
        "a loss": _node("LossNode", "posix", "system", __reduce__={"args": arguments}),
        "a generator": _node("RandomGeneratorNode", "numpy.random", "Generator", content={}),
        "a loader that is none": _node("EvilNode", "builtins", "str", content="x"),
        "a loader by its path": _node("posix.system", "builtins", "str", content=touch),
        "text that is none": _node("JsonNode", "builtins", "str", content="{"),
        "an object seen before": {**_text("x"), "__id__": 1},
        "an array of objects": _node(
            "NdArrayNode", "numpy", "ndarray", type="json",
            content=_node("ListNode", "builtins", "list", content=[system]),
            shape=_node("TupleNode", "builtins", "tuple", content=[]),
        ),
        "a sparse matrix": _node(
            "SparseMatrixNode", "scipy.sparse", "csr_matrix", type="scipy", file="0.npy"
        ),
        "depth": deep,
    }  # fmt: skip
    found = {f"skops: {name}": _with(node) for name, node in nodes.items()}
    members = {
        "a pickled array": ("evil.npy", objects),
        "an array that says too much": ("evil.npy", _head_of((2**40,))),
        "an array of negative size": ("evil.npy", _head_of((-1,))),
        "an array of another kind": ("evil.npy", _npy(np.array(["x"]))),
        "a bomb": ("evil.npy", _head_of((3 * 10**8,)) + bytes(64 * 10**6)),
        "a name that leads out": ("../../../../../../etc/passwd", b"x"),
        "an absolute name": ("/etc/passwd", b"x"),
        "no array": ("absent.npy", b""),
    }
    for name, (file, content) in members.items():
        more = {file: content} if file != "absent.npy" else {}

        def first(schema: Node, file: str = file) -> None:
            _first_array(schema, file)

        found[f"skops: {name}"] = _schema_changed(first, more)
    return {**found, **_of_its_archive(objects)}


def _of_its_archive(objects: bytes) -> dict[str, Change]:
    def many(folder: Path) -> None:
        with zipfile.ZipFile(folder / SKOPS, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", b" " * (2 * 10**8))

    return {
        "skops: a description of 200 MB": many,
        "skops: depth of the description": _replaced(SKOPS, _archive(b'{"a":' * 10**5)),
        "skops: a description that is a list": _replaced(SKOPS, _archive(b"[]")),
        "skops: no description": _replaced(SKOPS, _archive(None)),
        "skops: no archive": _replaced(SKOPS, b"PK\x03\x04"),
        "skops: a pickle": _replaced(SKOPS, objects[128:]),
        "skops: cut": _cut(SKOPS),
        "skops: nothing": _replaced(SKOPS, b""),
    }


def _archive(schema: bytes | None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if schema is not None:
            archive.writestr("schema.json", schema)
    return made.getvalue()


# -- other files


def _replaced(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content) and None


def _cut(name: str) -> Change:
    def cut(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return cut


def _without(name: str) -> Change:
    return lambda folder: (folder / name).unlink()


def _arrays_changed(**changes: Callable[[np.ndarray], np.ndarray]) -> Change:
    def changed(folder: Path) -> None:
        with np.load(folder / ARRAYS, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        for name, change in changes.items():
            arrays[name] = change(arrays[name])
        np.savez(folder / ARRAYS, **arrays)

    return changed


def _lying_array(folder: Path) -> None:
    """An array that says to be larger than the computer, in few bytes."""
    with zipfile.ZipFile(folder / ARRAYS, "a") as archive:
        archive.writestr("embedding2.npy", _head_of((2**40,)))
    with np.load(folder / ARRAYS) as stored:
        names = [name for name in stored.files if name != "embedding2"]
        kept = {name: stored[name] for name in names}
    with zipfile.ZipFile(folder / ARRAYS, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in kept.items():
            content = _head_of((2**40, 2)) if name == "embedding" else _npy(value)
            archive.writestr(f"{name}.npy", content)


def of_arrays(canary: Path) -> dict[str, Change]:
    """What can be changed in the arrays."""
    evil = np.array([Call(os.system, f"touch '{canary}'")], dtype=object)
    return {
        "arrays: objects": _arrays_changed(embedding=lambda _: evil),
        "arrays: objects in the schema": _arrays_changed(schema=lambda _: evil),
        "arrays: no number": _arrays_changed(features=lambda old: old * np.nan),
        "arrays: fewer features": _arrays_changed(features=lambda old: old[:, :2]),
        "arrays: a map of other rows": _arrays_changed(embedding=lambda old: old[:3]),
        "arrays: frames of other neurons": _arrays_changed(frame_means=lambda old: old[:1]),
        "arrays: an unknown recipe": _arrays_changed(recipe=lambda _: np.array(["os", "ln"])),
        "arrays: more than a computer holds": _lying_array,
        "arrays: cut": _cut(ARRAYS),
        "arrays: none": _without(ARRAYS),
        "arrays: a pickle": _replaced(ARRAYS, _npy(evil)[128:]),
    }


def _card_changed(**changes: Any) -> Change:
    def changed(folder: Path) -> None:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        (folder / CARD).write_text(json.dumps({**card, **changes}), encoding="utf-8")

    return changed


def of_cards() -> dict[str, Change]:
    """What can be changed in the card."""
    return {
        "card: depth": _replaced(CARD, b'{"a":' * 200_000),
        "card: a list": _replaced(CARD, b"[]"),
        "card: no text": _replaced(CARD, b"\xff\xfe\x00"),
        "card: nothing": _replaced(CARD, b""),
        "card: another kind": _card_changed(kind=["synapse clusters"]),
        "card: a path for a classifier": _card_changed(classifier="../../evil"),
        "card: another classifier": _card_changed(classifier="svc"),
        "card: classes that are none": _card_changed(classes=["a", None]),
        "card: a class too large": _card_changed(classes=[1, 2**80]),
        "card: one class": _card_changed(classes=[1]),
        "card: a temperature of nothing": _card_changed(temperature=0),
        "card: no temperature": _card_changed(temperature=float("nan")),
        "card: other features": _card_changed(features=["x"] * 5),
        "card: an unknown detector": _card_changed(outlier_detector="os.system"),
        "card: another scikit-learn": _card_changed(versions={"scikit-learn": "0.1"}),
        "card: versions that are none": _card_changed(versions=3),
    }


# -- manifests, which are not taken anew


def _files_changed(change: Callable[[dict[str, Any]], None]) -> Change:
    def changed(folder: Path) -> None:
        manifest = json.loads((folder / bundles.MANIFEST).read_text(encoding="utf-8"))
        change(manifest["files"])
        (folder / bundles.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    return changed


def _swapped(files: dict[str, Any]) -> None:
    first, second, *_ = sorted(files)
    files[first], files[second] = files[second], files[first]


def of_manifests() -> dict[str, Change]:
    """What can be changed in the manifest."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    names = ("../outside", "/etc/passwd", "..", "a/../../b", "x\0y", "", "card.json/", "x" * 5000)
    found = {
        f"manifest: the name {name[:12]!r}": _files_changed(
            lambda files, name=name: files.update({name: empty})
        )
        for name in names
    }
    return {
        **found,
        "manifest: swapped digests": _files_changed(_swapped),
        "manifest: no digests": _files_changed(dict.clear),
        "manifest: digests that are none": _files_changed(
            lambda files: files.update(dict.fromkeys(files, 3))
        ),
        "manifest: depth": _replaced(bundles.MANIFEST, b'{"files":' * 200_000),
        "manifest: a list": _replaced(bundles.MANIFEST, b"[]"),
        "manifest: no text": _replaced(bundles.MANIFEST, b"\xff"),
        "manifest: none": _without(bundles.MANIFEST),
        "manifest: more files": _replaced("more.pickle", b"x"),
    }


# -- what is no file


def _instead(name: str, make: Callable[[Path], None]) -> Change:
    def changed(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return changed


def of_the_system(canary: Path) -> dict[str, Change]:
    """Pipes, devices and links in the place of a file."""
    outside = canary.with_name("outside.json")
    outside.write_text("{}", encoding="utf-8")
    made: dict[str, Callable[[Path], None]] = {
        "a pipe": lambda path: os.mkfifo(path),
        "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
        "a link to itself": lambda path: path.symlink_to(path.name),
        "a link out": lambda path: path.symlink_to(outside),
        "a folder": lambda path: path.mkdir(),
    }
    return {
        f"system: {what} for {name}": _instead(name, make)
        for what, make in made.items()
        for name in (SKOPS, CARD, bundles.MANIFEST)
    }


# -- boosters


def _booster_changed(change: Callable[[dict[str, Any]], None]) -> Change:
    def changed(folder: Path) -> None:
        model = ubjson.decode((folder / BOOSTER).read_bytes())
        change(model["learner"])
        (folder / BOOSTER).write_bytes(ubjson.encode(model))

    return changed


def _first_tree(**changes: Any) -> Change:
    def change(learner: dict[str, Any]) -> None:
        tree = learner["gradient_booster"]["model"]["trees"][0]
        for name, value in changes.items():
            tree[name] = tree[name].copy()
            tree[name][0] = value

    return _booster_changed(change)


def _flipped(step: int) -> Change:
    def changed(folder: Path) -> None:
        content = bytearray((folder / BOOSTER).read_bytes())
        for place in range(step, len(content), step):
            content[place] ^= 0x5A
        (folder / BOOSTER).write_bytes(content)

    return changed


def of_boosters() -> dict[str, Change]:
    """What can be changed in a `.ubj` file."""
    far = 2**30
    return {
        "booster: a child far away": _first_tree(left_children=far),
        "booster: a circle": _first_tree(left_children=0, right_children=0),
        "booster: a feature far away": _first_tree(split_indices=far),
        "booster: no threshold": _first_tree(split_conditions=np.nan),
        "booster: categories": _first_tree(split_type=1),
        "booster: fewer features": _booster_changed(
            lambda learner: learner["learner_model_param"].update(num_feature="1")
        ),
        "booster: many classes": _booster_changed(
            lambda learner: learner["learner_model_param"].update(num_class="2000000000")
        ),
        "booster: another aim": _booster_changed(
            lambda learner: learner["objective"].update(name="rank:pairwise")
        ),
        "booster: cut": _cut(BOOSTER),
        "booster: nothing": _replaced(BOOSTER, b""),
        "booster: depth": _replaced(BOOSTER, b"{L" + (b"\0" * 7 + b"\1a{L") * 100_000),
        "booster: long lengths": _replaced(BOOSTER, b"{L\x7f" + b"\xff" * 7 + b"a"),
        **{f"booster: each {n}th byte": _flipped(n) for n in (97, 501, 1999)},
    }
