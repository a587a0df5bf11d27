"""Which sorter takes which channels, and why."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.spikes.parameters import SpikesParameters
from pipelines.spikes.recording.groups import MOST_CHANNELS, Group, channel_groups, connected
from pipelines.spikes.sorters import AUTO

LARGE_SORTER = "tridesclous2"
"""What `auto` takes for probes with more channels than one feature space can hold."""


@dataclass(frozen=True)
class Share:
    """Some channels and the sorter that takes them."""

    group: Group
    sorter: str


@dataclass(frozen=True)
class Plan:
    """All shares of a recording, and the reason in a sentence."""

    shares: list[Share]
    reason: str


def planned(locations: NDArray[np.float64], parameters: SpikesParameters) -> Plan:
    """Give every channel to a sorter.

    The group sorter takes groups of at most 8 channels. Other sorters take all channels that
    are connected by steps of at most the radius at once, for they look at places themselves.

    Args:
        locations: of the channels in um, shape (channel, dimension), perhaps with an axis more
            that tells probes apart.
        parameters: `sorter` and `group_radius_um`.
    """
    radius, wish = parameters.group_radius_um, parameters.sorter
    if wish == "group":
        groups = channel_groups(locations, radius)
        return Plan([Share(group, "group") for group in groups], "The group sorter was asked for.")
    parts = connected(locations, radius)
    groups = [Group(n, part, np.empty(0, np.intp)) for n, part in enumerate(parts)]
    if wish != AUTO:
        return Plan([Share(group, wish) for group in groups], f"{wish} was asked for.")
    return Plan([Share(group, _suited(group)) for group in groups], _why(groups, radius))


def _suited(group: Group) -> str:
    return "group" if len(group.channels) <= MOST_CHANNELS else LARGE_SORTER


def _why(groups: list[Group], radius_um: float) -> str:
    large = [len(group.channels) for group in groups if _suited(group) == LARGE_SORTER]
    small = len(groups) - len(large)
    near = f"at most {MOST_CHANNELS} channels within steps of {radius_um:g} um"
    words = []
    if small:
        groups_are = "1 group of channels has" if small == 1 else f"{small} groups of channels have"
        words.append(f"{groups_are} {near}: the group sorter.")
    if large:
        probes = "1 probe has" if len(large) == 1 else f"{len(large)} probes have"
        words.append(f"{probes} more than that (up to {max(large)} channels): {LARGE_SORTER}.")
    return " ".join(words)
