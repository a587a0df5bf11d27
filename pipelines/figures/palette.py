"""The colours of clusters, units and series, on pages and in reports."""

PALETTE = (
    "#3b6fd4",
    "#e07b39",
    "#2f9e77",
    "#c2427b",
    "#8a63c9",
    "#b28b00",
    "#3aa6c9",
    "#a0522d",
    "#6b8e23",
    "#d1495b",
    "#00798c",
    "#7a5195",
)
NOISE = "#9aa1ab"


def color(number: int) -> str:
    """The same colour for the same cluster everywhere; noise is grey."""
    return NOISE if number < 0 else PALETTE[number % len(PALETTE)]
