"""The sorters: one row for each, which the form, the command line, the plan and the docs read.

To add one, copy a row. What runs it is imported when it is needed, so that the rows are light.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from pipelines.core.errors import ParameterError
from pipelines.core.location import imported

AUTO = "auto"
SPIKEINTERFACE = "pipelines.spikes.sorting.spikeinterface_group:sort_foreign"
OWN_BAND_HZ = (150.0, 6000.0)
"""Sorters that match templates live on the whole shape of a spike, so they get a wider band than
detection. From 300 Hz on tridesclous2 lost one or two of 15 units of a simulated probe."""


@dataclass(frozen=True)
class Sorter:
    """What takes channels and gives units.

    Attributes:
        name: on the form, on the command line and in results.
        about: what it does, in a sentence without its name.
        location: what runs it, as `module:function`; it is called with the filtered signal, the
            share of channels, the parameters, the decisions of a sort file or none, a folder for
            copies, and a function to report to, and returns a `group_sorter.SortedGroup`.
        heeds: parameters that it looks at and not every sorter does.
        suits: for what channels `auto` takes it; empty if it never does.
        settings: of SpikeInterface's sorters, what makes their settings, as `module:function`.
        own_band: whether it sorts in `OWN_BAND_HZ`, not in the band of the parameters.
        reads_file: whether it has to find its signal in a file, however small it is.
        wants_noise_one: whether its signal is scaled to a noise of one.
        packages: what it needs beside what every sorting does.
    """

    name: str
    about: str
    location: str
    heeds: tuple[str, ...]
    suits: str = ""
    settings: str = ""
    own_band: bool = False
    reads_file: bool = False
    wants_noise_one: bool = False
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """Packages that it needs and that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]

    @property
    def run(self) -> Callable[..., Any]:
        """What sorts.

        Raises:
            ParameterError: a package that it needs is not installed.
        """
        if self.missing:
            names = " ".join(self.missing)
            raise ParameterError(
                f"The sorter {self.name} needs {names}: install it (pip install {names}), or take "
                "another sorter."
            )
        function: Callable[..., Any] = imported(self.location)
        return function

    def choice(self, parameters: Any) -> Any:
        """The class of SpikeInterface's sorter, and its settings for some parameters."""
        return imported(self.settings)(parameters)


_ALL = (
    Sorter(
        "group",
        "sorts any neighbouring channels on their own, by the clusterer below",
        "pipelines.spikes.sorting.group_sorter:sort_group",
        heeds=(
            "clusterer", "n_clusters", "max_clusters", "choose", "solutions", "noise_window_s",
        ),
        suits="wires, stereotrodes and tetrodes (up to 8 channels near each other)",
    ),
    Sorter(
        "tridesclous2",
        "SpikeInterface's sorter that peels off the spikes of known templates",
        SPIKEINTERFACE,
        heeds=("split_merged",),
        suits="larger probes",
        settings="pipelines.spikes.sorting.spikeinterface_sorters:tridesclous2",
        own_band=True,
        packages=("numba",),
    ),
    Sorter(
        "spykingcircus2",
        "SpikeInterface's sorter that matches templates by orthogonal pursuit",
        SPIKEINTERFACE,
        heeds=("split_merged",),
        settings="pipelines.spikes.sorting.spikeinterface_sorters:spykingcircus2",
        own_band=True,
        reads_file=True,
        packages=("numba",),
    ),
    Sorter(
        "lupin",
        "SpikeInterface's sorter made of the best of its parts",
        SPIKEINTERFACE,
        heeds=("split_merged",),
        settings="pipelines.spikes.sorting.spikeinterface_sorters:lupin",
        own_band=True,
        packages=("numba",),
    ),
    Sorter(
        "simple",
        "SpikeInterface's sorter that only detects and clusters, for comparison",
        SPIKEINTERFACE,
        heeds=("split_merged",),
        settings="pipelines.spikes.sorting.spikeinterface_sorters:simple",
        wants_noise_one=True,
        packages=("numba",),
    ),
)  # fmt: skip
SORTERS: dict[str, Sorter] = {sorter.name: sorter for sorter in _ALL}
"""All sorters by name, in the order of the form."""


def sorter_help() -> str:
    """What the form says of the choice."""
    own = (one for one in SORTERS.values() if one.location != SPIKEINTERFACE)
    ours = "; ".join(f"{one.name} {one.about}" for one in own)
    suiting = ", ".join(f"{one.name} for {one.suits}" for one in SORTERS.values() if one.suits)
    return (
        f"{AUTO} takes what suits the channels: {suiting}. {ours}; the others are "
        "SpikeInterface's own sorters."
    )


def own_band_in_words() -> str:
    """The names of those that sort in their own band."""
    *names, last = (one.name for one in SORTERS.values() if one.own_band)
    return f"{', '.join(names)} and {last}"


def heeded() -> dict[str, tuple[str, ...]]:
    """By each choice, the parameters that it looks at and not every sorter does."""
    suiting = (name for one in SORTERS.values() if one.suits for name in one.heeds)
    return {AUTO: tuple(dict.fromkeys(suiting))} | {one.name: one.heeds for one in SORTERS.values()}
