"""SpikeInterface's readers of acquisition systems, imported when a recording needs one.

They bring a compiler and half of SpikeInterface along: 60 MB and a quarter of a second.
"""

from importlib import import_module
from types import ModuleType

from pipelines.core.compiled import kept_on_disk


def extractors() -> ModuleType:
    """The module with all readers."""
    with kept_on_disk():  # or tridesclous2, which shares a module, would compile for 10 s
        return import_module("spikeinterface.extractors")
