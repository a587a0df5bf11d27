"""Writes steps.md: what can be run, from the rows of the code (`make steps`)."""

from collections.abc import Iterator
from pathlib import Path

from pipelines.steps import STEPS, Step

FILE = Path(__file__).resolve().parent / "steps.md"

HEAD = """# What can be run

Written by `docs/steps.py` from `pipelines/steps.py`: change the rows there, then `make steps`.

Each is a command, `python -m pipelines ...`, and a form of the dashboard; both make the same
folder. What stands in brackets may be left out. Those that are quick may pass waiting jobs that
take long. `--help` lists the parameters of each.

| command | what it does | reads | leaves | takes |
| --- | --- | --- | --- | --- |
"""


def text() -> str:
    """The whole file."""
    return HEAD + "".join(f"| {' | '.join(_cells(step))} |\n" for step in STEPS.values())


def _cells(step: Step) -> Iterator[str]:
    places = " ".join(name.upper() for name in step.needed) + (" ..." if step.many else "")
    out = f"--out {step.command.out.shown}"
    yield f"`{step.name} {places} {out if step.command.out.needed else f'[{out}]'}`"
    yield step.command.help
    yield ", ".join(
        f"[{one.flag}: {' or '.join(one.kinds)}]" if one.is_optional else " or ".join(one.kinds)
        for one in step.inputs
    )
    yield step.leaves
    yield "seconds" if step.quick else "longer"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
