"""Writes labellers.md from the rows in `spikes/labels/labellers.py` (`make labellers`)."""

from pathlib import Path

from pipelines.spikes.labels.labeller import Labeller, Section
from pipelines.spikes.labels.labellers import LABELLERS
from pipelines.spikes.labels.thresholds import Rule

FILE = Path(__file__).resolve().parent / "labellers.md"

HEAD = """# Labellers of units

Written by `make labellers` from the rows in `pipelines/spikes/labels/labellers.py`; a test
compares. `spikes label --method NAME` runs one, `all` runs them side by side. Limits are those that
hold when no `--thresholds FILE` gives others; a file has them under the labeller's name. Where
nobody labelled a unit by hand or in a sort file, exports believe the labeller that stands last.
"""


def page() -> str:
    """The whole file."""
    return "\n".join([HEAD, *map(_part, LABELLERS.values())])


def _part(labeller: Labeller) -> str:
    columns = ", ".join(f"`{column}`" for column in labeller.columns)
    cited = labeller.citation.replace(": {limits}", "")
    lines = [
        f"## {labeller.title}\n",
        f"`{labeller.name}`: {labeller.about}. Writes {columns}. In a methods section: {cited}.\n",
        *([f"{labeller.coarse}\n"] if labeller.coarse else []),
        *([f"{labeller.remark}\n"] if labeller.remark else []),
        *([f"{labeller.loss}\n"] if labeller.loss else []),
        *map(_section, labeller.sections),
    ]
    return "\n".join(lines)


def _section(section: Section) -> str:
    heads = ["| metric | at least | at most |", "| --- | --- | --- |"]
    return "\n".join([f"{section.title}\n", *heads, *map(_limits, section.rules), ""])


def _limits(rule: Rule) -> str:
    least, most = ("" if limit is None else f"{limit:g}" for limit in (rule.least, rule.most))
    return f"| `{rule.metric}`{', size' if rule.absolute else ''} | {least} | {most} |"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
