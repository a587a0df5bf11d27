"""Names and roles for those who do not see the page, and attributes for our own scripts."""

from typing import Any


def aria(**attributes: str) -> dict[str, Any]:
    """`aria(label="Pages")` as the attributes of a component."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def data(**attributes: str) -> dict[str, Any]:
    """Attributes for our own scripts: `data(key="g")` gives a component `data-key`."""
    return {f"data-{name}": value for name, value in attributes.items()}
