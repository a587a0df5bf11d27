"""Pickles that run something, or break whoever reads them."""

import builtins
import gzip
import importlib
import io
import os
import pickle
import struct
import subprocess
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from xgboost import XGBClassifier

GIGABYTES = 3
"""What a bomb unpacks to."""


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.call = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.call

    def __call__(self) -> None:
        """Only what can be called may be written as what is called."""


def dumped(value: Any, compress: Any = 0) -> bytes:
    """As joblib writes it."""
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=compress)
    return stream.getvalue()


def called(module: str, name: str, *texts: str) -> bytes:
    """A call by opcodes alone, of something that need not be there."""
    arguments = b"".join(b"V" + text.encode("raw_unicode_escape") + b"\n" for text in texts)
    return f"c{module}\n{name}\n".encode() + b"(" + arguments + b"tR."


def knn() -> KNeighborsClassifier:
    """A classifier as the published ones are."""
    places = np.random.default_rng(0).normal(size=(30, 2))
    return KNeighborsClassifier(3).fit(places, np.arange(30) % 3)


def _published(**more: Any) -> dict[str, Any]:
    return {"model": knn(), **more}


# -- what runs when it is opened as joblib opens it


def running(canary: Path) -> dict[str, bytes]:
    """Files that make the canary when they are opened by plain joblib, by how they do it."""
    touch, python = f"touch '{canary}'", f"open({str(canary)!r}, 'w').close()"
    system = Call(os.system, touch)
    nested = np.empty((), dtype=object)
    nested[()] = system
    imported = Call(getattr, Call(importlib.import_module, "os"), "system")
    plain = {
        "os.system": system,
        "subprocess": Call(subprocess.call, ["/bin/sh", "-c", touch]),
        "eval": Call(builtins.eval, python),
        "exec": Call(builtins.exec, python),
        "open": Call(builtins.open, str(canary), "w"),
        "importlib and getattr": Call(imported, touch),
        "map": Call(list, Call(map, os.system, [touch])),
        "in an array": np.array([system, 1], dtype=object),
        "in an array of no dimensions": nested,
        "in a structured array": np.array([(1, system)], dtype=[("a", "i4"), ("b", "O")]),
        "in a scalar": Call(np.float64(0).__reduce__()[0], np.dtype("O"), system),
        "as state of a model": Call(KNeighborsClassifier, state={"weights": system}),
        "as a key": {("a", "b"): 1, Call(str, system): 2},
        "within a good bundle": _published(note=system),
    }
    found = {name: dumped({"model": value}) for name, value in plain.items()}
    ways: dict[str, Any] = {"zlib": 3, **{w: (w, 3) for w in ("gzip", "bz2", "xz", "lzma")}}
    for way, compress in ways.items():
        found[f"compressed by {way}"] = dumped(_published(note=system), compress)
    found["by opcodes"] = called("posix", "system", touch)
    found["after a good one"] = dumped(_published())[:-1] + called("posix", "system", touch)
    found["by another pickle"] = dumped(Call(pickle.loads, pickle.dumps(system)))
    found["in the array that follows"] = _array_of_pickle(pickle.dumps(system))
    return found


def _array_of_pickle(content: bytes) -> bytes:
    """The file of an array of objects, which joblib reads by a pickle of its own."""
    honest = dumped(np.array([None], dtype=object))
    start = honest.index(b"\x80", 2)
    return honest[:start] + content + honest[start:]


# -- what names more than it may, whether or not that is there


NAMES = (
    *(("posix", "system"), ("nt", "system"), ("os", "popen"), ("pty", "spawn")),
    *(("subprocess", "Popen"), ("commands", "getoutput"), ("runpy", "run_path")),
    *(("builtins", "__import__"), ("__builtin__", "eval"), ("builtins", "compile")),
    *(("operator", "attrgetter"), ("functools", "partial"), ("types", "FunctionType")),
    *(("ctypes", "CDLL"), ("socket", "create_connection"), ("urllib.request", "urlopen")),
    *(("shutil", "rmtree"), ("pathlib", "Path.unlink"), ("webbrowser", "open")),
    *(("numpy", "load"), ("numpy", "fromfile"), ("numpy", "memmap"), ("numpy", "save")),
    *(("numpy.testing._private.utils", "runstring"), ("numpy.f2py.diagnose", "run")),
    *(("pandas", "read_pickle"), ("joblib", "load"), ("pickle", "loads"), ("skops.io", "load")),
    *(("joblib.numpy_pickle", "NDArrayWrapper"), ("joblib.numpy_pickle", "load")),
    *(("sklearn.datasets", "fetch_openml"), ("sklearn.pipeline", "Pipeline")),
    *(("xgboost.core", "Booster.load_model"), ("xgboost.sklearn", "XGBClassifier.__init__")),
    *(("sklearn.tree._tree", "Tree.__class__"), ("sklearn.tree._tree", "os.system")),
    *(("numpy", "dtype.__reduce__"), ("pipelines.models.bundles", "open_bundle"), ("tests", "x")),
)


def naming() -> dict[str, bytes]:
    """Files that name what is not allowed."""
    found = {f"{module}.{name}": called(module, name, "x") for module, name in NAMES}
    long = "a" * 100_000
    return {**found, "a long name": called(long, long), "many names": _many_names()}


def _many_names() -> bytes:
    return b"(" + b"".join(f"cm{n}\nf\n".encode() for n in range(1000)) + b"l."


# -- what breaks its reader with allowed names alone


def _of_pointers(address: int) -> bytes:
    """An array whose numbers numpy takes for the addresses of objects."""
    fields = {"a": (np.dtype("O"), 0)}
    hidden = Call(np.dtype, "V8", False, True, state=(3, "|", None, ("a",), fields, 8, 1, 0))
    frombuffer = np.zeros(1).__reduce_ex__(5)[0]
    return pickle.dumps(
        {"model": Call(frombuffer, struct.pack("<Q", address), hidden, (1,), "C")}, protocol=4
    )


def _tree(change: Callable[[dict[str, Any]], None]) -> bytes:
    """A forest in one of whose trees something was changed."""
    places = np.random.default_rng(0).normal(size=(40, 2))
    forest = RandomForestClassifier(3, random_state=0).fit(places, np.arange(40) % 3)
    tree = forest.estimators_[1].tree_
    maker, arguments, state = tree.__reduce__()
    state = {**state, "nodes": state["nodes"].copy(), "values": state["values"].copy()}
    change(state)
    forest.estimators_[1].tree_ = Call(maker, *arguments, state=state)
    return dumped({"model": forest})


def _set(field: str, value: int) -> Callable[[dict[str, Any]], None]:
    def change(state: dict[str, Any]) -> None:
        state["nodes"][field][0] = value

    return change


def _fewer_values(state: dict[str, Any]) -> None:
    state["values"] = state["values"][:1]


def _booster(change: Callable[[bytearray], None]) -> bytes:
    """An XGBClassifier whose booster was damaged."""
    model = XGBClassifier(n_estimators=2, n_jobs=1).fit(np.eye(6, 2), np.arange(6) % 3)
    raw = bytearray(model.get_booster().__getstate__()["handle"])
    change(raw)
    model.get_booster()  # fitted
    state = {**model.get_booster().__getstate__(), "handle": raw}
    made = Call(type(model.get_booster()), state=state)
    model._Booster = made
    return dumped({"model": model})


def _cut(raw: bytearray) -> None:
    del raw[len(raw) // 2 :]


def _flipped(raw: bytearray) -> None:
    for place in range(100, len(raw), 7):
        raw[place] ^= 0xFF


def _wide_array() -> bytes:
    """An array that says to have 2^45 numbers."""
    made = dumped({"model": np.arange(3.0)})
    return made.replace(b"K\x03\x85", b"\x8a\x06" + struct.pack("<Q", 2**45)[:6] + b"\x85")


def _laughs() -> bytes:
    """A list of a list of a list ... each twice: 2^60 of them when all are walked through."""
    value: Any = ["ha"]
    for _ in range(60):
        value = [value, value]
    model = knn()
    model.laughs_ = value
    return dumped({"model": model})


def _itself() -> bytes:
    """A model that holds itself."""
    model = knn()
    model.self_ = model
    return dumped({"model": model})


def bomb(way: str) -> bytes:
    """Zeros of some GB, packed by repeating a block that stands for a thousandth of them."""
    packer = zlib.compressobj(9, wbits=31 if way == "gzip" else 15)
    million = bytes(10**6)
    first = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (GIGABYTES * 1000)


def breaking() -> Mapping[str, bytes]:
    """Files that crash, fill or hold up a reader that trusts its names."""
    deep = b"\x80\x04" + b"]" * 10**6 + b"a" * (10**6 - 1) + b"."
    return {
        "pointers to nowhere": _of_pointers(0x4141414141414141),
        "pointers to null": _of_pointers(0),
        "a child far away": _tree(_set("left_child", 2**40)),
        "a child before it": _tree(_set("left_child", -5)),
        "a circle": _tree(_set("left_child", 0)),
        "a feature far away": _tree(_set("feature", 2**40)),
        "fewer values": _tree(_fewer_values),
        "a cut booster": _booster(_cut),
        "a damaged booster": _booster(_flipped),
        "a wide array": _wide_array(),
        "laughs": _laughs(),
        "itself": _itself(),
        "depth": deep,
        "a bomb by zlib": bomb("zlib"),
        "a bomb by gzip": bomb("gzip"),
        "a bomb within a bomb": gzip.compress(bomb("zlib")),
        "no end": dumped(_published())[:-50],
        "nothing": b"",
        "text": b"not a model\n",
        "a stack that is empty": b"\x80\x04R.",
        "an unknown opcode": b"\x80\x04\xff.",
        "a protocol to come": b"\x80\x63.",
        "a persistent name": b"Pname\n.",
        "an extension": b"\x80\x02\x82\x01.",
        "a large number": b"\x80\x04I" + b"9" * 10_000 + b"\n.",
        "a long text": b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b".",
        "memory": b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".",
    }
