"""Names by which every channel of a recording can be told apart."""

from collections import Counter

import numpy as np
from spikeinterface.core import BaseRecording

NOTES = "notes_on_names"
MOST_NAMED = 3


def told_apart(recording: BaseRecording) -> list[str]:
    """Give channels of one name, such as those of two probes that both begin at 1, one each.

    In place, for selecting channels by names that repeat takes the wrong ones.

    Returns:
        A sentence on it; nothing where all names differ.
    """
    names = [str(name) for name in recording.channel_ids]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if not repeated:
        return []
    taken, found = set(names), list[str]()
    for name in names:
        found.append(name if name not in found else _free(name, taken))
        taken.add(found[-1])
    recording._main_ids = np.array(found)
    some = ", ".join(repeated[:MOST_NAMED]) + (" and others" if len(repeated) > MOST_NAMED else "")
    return [
        f"Several channels are called {some}: the second of a name is called {repeated[0]}_2 or "
        "alike, in the order of the file."
    ]


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def name_notes(recording: BaseRecording) -> list[str]:
    """What a person has to know of the names of channels."""
    return list(recording.get_annotation(NOTES) or ())
