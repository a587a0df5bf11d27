"""Names and roles for those who do not see the page."""

from typing import Any


def aria(**attributes: str) -> dict[str, Any]:
    """`aria(label="Pages")` as the attributes of a component."""
    return {f"aria-{name}": value for name, value in attributes.items()}
