"""Reads a pickle, compressed or not: in a closed process and nowhere else (`pickled_child`)."""

import bz2
import io
import lzma
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sklearn
from joblib.numpy_pickle import NumpyUnpickler
from sklearn.exceptions import InconsistentVersionWarning

from pipelines.core.errors import BundleError
from pipelines.models.pickled_names import Name

LARGEST = 500 * 10**6
"""bytes, unpacked; a forest of 300 trees on 100,000 synapses stays below."""
MOST_TOLD = 10
"""Names that are not allowed, in a sentence."""


@dataclass(frozen=True)
class Unpickled:
    """What a pickle held.

    Attributes:
        value: the object.
        scikit_learn: the version that wrote its estimators.
    """

    value: Any
    scikit_learn: str


def unpickled(content: bytes, name: str, allowed: frozenset[Name], advice: str = "") -> Unpickled:
    """What a pickle holds, without looking up any name that is not in `allowed`.

    Args:
        content: of a file of pickle or joblib.
        name: what errors call it.
        allowed: modules and names.
        advice: what is said to whoever gave a file that names others.

    Raises:
        BundleError: with the names that are not allowed, or because it inflates too far.
    """
    unpickler = _Unpickler(inflated(content, name), allowed, advice)
    try:
        with warnings.catch_warnings(record=True) as told:
            # It was made with other versions; that they read it alike is shown by its answers.
            warnings.simplefilter("always")
            value = unpickler.load()
    finally:
        # Whatever else went wrong may come of what stood for these names.
        unpickler.refuse_unknown(name)
    others = [
        one.message.original_sklearn_version
        for one in told
        if isinstance(one.message, InconsistentVersionWarning)
    ]
    return Unpickled(value, str(others[0]) if others else sklearn.__version__)


class _Inert:
    """Stands for what is not allowed while the rest is read; does nothing, whatever is asked."""

    def __new__(cls, *_: Any, **__: Any) -> "_Inert":
        return object.__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> "_Inert":
        return self

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        pass

    def extend(self, _: Any) -> None:
        pass


class _Unpickler(NumpyUnpickler):  # type: ignore[misc]
    """Hands out allowed names only, and remembers the others."""

    def __init__(self, content: bytes, allowed: frozenset[Name], advice: str) -> None:
        super().__init__("", io.BytesIO(content), ensure_native_byte_order=True)
        self._allowed, self._advice = allowed, advice
        self._unknown: dict[str, None] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._allowed:
            return super().find_class(module, name)
        self._unknown[f"{module}.{name}"[:100]] = None
        return _Inert

    def refuse_unknown(self, file: str) -> None:
        """Raise BundleError with the names that were asked for and are not allowed."""
        if self._unknown:
            told = ", ".join(list(self._unknown)[:MOST_TOLD])
            more = ", ..." if len(self._unknown) > MOST_TOLD else ""
            raise BundleError(
                f"{file} names {told}{more}, which is not allowed in a model of this kind: "
                f"nothing of it was run, and it is not added. {self._advice}"
            )


Inflater = Callable[[], Any]
COMPRESSIONS: Mapping[bytes, Inflater] = {
    b"x": zlib.decompressobj,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
    b"]\x00": lzma.LZMADecompressor,
}
"""By the first bytes of a file, as joblib writes them."""


def inflated(content: bytes, name: str) -> bytes:
    """The content of a file, unpacked where it is compressed.

    Raises:
        BundleError: it is damaged, or too large.
    """
    for start, inflater in COMPRESSIONS.items():
        if content.startswith(start):
            try:
                inflated: bytes = inflater().decompress(content, LARGEST + 1)
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                raise BundleError(f"{name} is damaged: copy it again.") from None
            if len(inflated) > LARGEST:
                raise BundleError(
                    f"{name} inflates to more than {LARGEST // 10**6} MB: not opened."
                )
            return inflated
    return content
