"""Writes metrics.md from the rows in `pipelines/spikes/units/metrics.py` (`make metrics`)."""

from pathlib import Path

from pipelines.spikes.units.metrics import ABOUT, METRICS, Metric

FILE = Path(__file__).resolve().parent / "metrics.md"

SOURCES = {
    "unit": "`units.csv`",
    "files": "labelling",
    "elsewhere": "other tables",
}
COLUMNS = ("| name | unit | what it is | from |", "| --- | --- | --- | --- |")
HEAD = """# Metrics of units

Written by `make metrics` from the rows in `pipelines/spikes/units/metrics.py`; a test compares.
Names are those of SpikeInterface (Buccino et al. 2020, doi:10.7554/eLife.61834). What `units.csv`
holds is there for every unit, sorted, merged or split; what labelling adds is measured from the
files of a sorting, and stands in `metrics.csv`; the others are understood in tables that other
programs made. Shares lie between 0 and 1, ratios may exceed 1.
"""


def page() -> str:
    """The whole file."""
    parts = [HEAD]
    for about in ABOUT:
        rows = [_row(metric) for metric in METRICS if metric.about == about]
        parts.append("\n".join([f"## {about.capitalize()}\n", *COLUMNS, *rows, ""]))
    return "\n".join(parts)


def _row(metric: Metric) -> str:
    others = [
        *([metric.column] if metric.column else []),
        *(name for name, _ in metric.also_called),
    ]
    name = f"`{metric.name}`" + "".join(f", `{other}`" for other in others)
    cited = f" ({metric.citation})" if metric.citation else ""
    return f"| {name} | {metric.unit} | {metric.help}{cited} | {SOURCES[metric.source]} |"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
