"""Libraries that are imported when they are first used.

The web app and its worker know every step by its row before they do anything: a module that such
rows come through does not make them wait for pandas. It says

    if TYPE_CHECKING:
        import pandas as pd
    else:
        pd = Later("pandas")

and quotes the library's types where it annotates with them.
"""

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)
