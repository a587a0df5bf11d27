"""What a sentence that asks calls a setting: by its name on the page and by its flag."""

from collections.abc import Mapping, Sequence

LABELS: Mapping[str, str] = {
    "axes": "Axes",
    "files": "Files in a folder",
    "planes": "Planes per volume",
    "channels": "Channels per plane",
    "channel": "Channel",
    "dataset": "Dataset",
    "height": "Frame height",
    "width": "Frame width",
}
"""As `parameters.ReadingParameters` calls them, which workers on a cluster do not import."""


def field(name: str) -> str:
    """A setting on the page and its flag, such as "Axes (--axes)"."""
    return f"{LABELS[name]} (--{name})"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Some names with commas, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
