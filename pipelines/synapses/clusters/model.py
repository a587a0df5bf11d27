"""The fitted object: all that a classifier and new synapses need.

It is kept as arrays (nothing that could run), what they mean, and the digest of the arrays.
"""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.core.errors import InputError
from pipelines.files.reading import reading
from pipelines.synapses.fits.folder import ADVICE, read_model, write_model
from pipelines.synapses.table.arrays import Booleans, Floats, Integers, Synapses
from pipelines.synapses.table.features import Projection


@dataclass(frozen=True)
class Record:
    """What a fit was made from.

    Attributes:
        group: the group that was clustered.
        table_sha256: digest of the table.
        parameters: all parameters of the fit.
        versions: of Python and of the packages that decide the numbers.
        min_cluster_size: as used, in synapses.
        min_samples: as used.
    """

    group: str
    table_sha256: str
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    min_cluster_size: int
    min_samples: int


@dataclass(frozen=True)
class Fitted:
    """A fit, in the order of the sorted keys.

    Attributes:
        record: what it was made from.
        projection: frames and scales.
        synapses: the n synapses that frames were fitted to.
        somas: position (3,) of the soma in um by NeuronId.
        selected: (n,) bool, the g synapses that were clustered.
        features: (g, d), d as `projection.names` has them: 5 of synapses.
        labels: (g,) clusters, -1 for noise.
        probability: (g,) strength of membership.
        layout: (g, 2 or 3) the map.
    """

    record: Record
    projection: Projection
    synapses: Synapses
    somas: Mapping[str, Floats]
    selected: Booleans
    features: Floats
    labels: Integers
    probability: Floats
    layout: Floats

    @property
    def embedding(self) -> Floats:
        """(g, 2) the first two dimensions of the map."""
        return self.layout[:, :2]

    @property
    def is_whole(self) -> bool:
        """Whether all arrays are of the same synapses."""
        n, g = len(self.synapses.key), len(self.labels)
        return (
            self.selected.shape == (n,)
            and len(self.synapses.position) == len(self.synapses.areas) == n
            and int(self.selected.sum()) == g == len(self.probability) == len(self.layout)
            and self.features.shape == (g, len(self.projection.names))
        )

    def save(self, folder: Path) -> None:
        """Write it into the folder of a fit."""
        content = pack(
            {
                **self.projection.to_arrays(),
                **somas_to_arrays(self.somas),
                "key": self.synapses.key,
                "position": self.synapses.position,
                "areas": self.synapses.areas,
                "selected": self.selected,
                "features": self.features,
                "labels": self.labels,
                "probability": self.probability,
                "embedding": self.layout,
            }
        )
        about = {
            "features": list(self.projection.names),
            "units": list(self.projection.units),
            **asdict(self.record),
        }
        write_model(folder, content, about)


def load_fitted(folder: Path) -> Fitted:
    """Read what `Fitted.save` wrote.

    Raises:
        InputError: the folder is no fit, or its files were changed or damaged.
    """
    about, arrays = read_model(folder)
    with reading(folder, InputError, ADVICE, "result of synapses fit"):
        for name in ("parameters", "versions"):
            if not isinstance(about[name], dict):
                raise TypeError(f"{name} are no object of JSON")
        fitted = _fitted(about, arrays)
        if not fitted.is_whole:
            raise InputError(f"{folder} holds arrays that are not of one fit: {ADVICE}.")
        return fitted


def _fitted(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Fitted:
    projection = Projection.from_arrays(arrays)
    return Fitted(
        record=Record(**{name: about[name] for name in Record.__dataclass_fields__}),
        projection=projection,
        synapses=Synapses(arrays["key"], arrays["position"], arrays["areas"], projection.schema),
        somas=somas_from_arrays(arrays),
        selected=arrays["selected"],
        features=arrays["features"],
        labels=arrays["labels"],
        probability=arrays["probability"],
        layout=arrays["embedding"],
    )


def somas_to_arrays(somas: Mapping[str, Floats]) -> dict[str, np.ndarray]:
    """As arrays that need no pickle.

    Args:
        somas: position (3,) of the soma in um by NeuronId.

    Returns:
        `soma_neurons` (neuron,), sorted, and `soma_positions` (neuron, 3) in um.
    """
    names = sorted(somas)
    return {
        "soma_neurons": np.array(names, dtype=str),
        "soma_positions": np.array([somas[name] for name in names]).reshape(-1, 3),
    }


def somas_from_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, Floats]:
    """The inverse of `somas_to_arrays`: position (3,) of the soma in um by NeuronId.

    Raises:
        KeyError: an array is missing.
        ValueError: there are more or fewer names than positions.
    """
    names = (str(name) for name in arrays["soma_neurons"])
    return dict(zip(names, arrays["soma_positions"], strict=True))


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays of any shape, by name, as the content of an `.npz` file without pickles."""
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
