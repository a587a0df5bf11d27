"""Files that are made to run something, or to read a file that lies elsewhere.

Each maker writes into `bench.given` and returns what a person would name as the input. What would
run makes `bench.canary`; what would be read is `bench.secret` or a file beside it.
"""

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile
import zarr

from tests.pipelines.spikes import writers

SHAPE = (6, 20, 30)
TRACES = writers.traces(seconds=1.6)
WORD = b"not-for-you"
"""What the secret file says, over and over."""


@dataclass(frozen=True)
class Bench:
    """Where an attack takes place.

    Attributes:
        given: the folder that came from elsewhere.
        canary: is there once something ran.
        secret: what only this account may read, of the size of a recording.
    """

    given: Path
    canary: Path
    secret: Path

    @property
    def pickled(self) -> bytes:
        return pickle.dumps(Trap(self.canary))


class Trap:
    """Whatever unpickles this makes the canary."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.canary),))


LAUGHS = "<!DOCTYPE lolz [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(10)
) + "]>"  # fmt: skip

Maker = Callable[[Bench], Path]


def save_other_files(secret: Path) -> None:
    """Put what an attack could want beside the secret, all of it saying the same."""
    content = (WORD * 400)[: int(np.prod(SHAPE))]
    of_a_recording = (WORD * 20_000)[: TRACES.nbytes]
    secret.write_bytes(of_a_recording)
    values = np.frombuffer(content, np.uint8).reshape(SHAPE)
    with h5py.File(secret.with_name("other.h5"), "w") as root:
        root["film"] = values
    tifffile.imwrite(secret.with_name("other.tif"), values, photometric="minisblack", metadata=None)
    zarr.save_array(str(secret.with_name("own.zarr")), values)
    secret.with_name("continuous.dat").write_bytes(of_a_recording)
    for name in ("timestamps", "sample_numbers", "states", "channels", "full_words", "text"):
        np.save(secret.with_name(f"{name}.npy"), np.arange(len(TRACES), dtype=np.int64))
