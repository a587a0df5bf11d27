"""Functions and classes that are named and not imported, so that naming them costs nothing."""

from importlib import import_module
from typing import Any


def imported(location: str) -> Any:
    """What a location stands for; its module is imported now.

    Args:
        location: such as `package.module:function`.
    """
    module, _, name = location.partition(":")
    return getattr(import_module(module), name)
