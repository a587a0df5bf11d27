"""Writes steps.md: what can be run, from the rows of the code (`make steps`)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipelines.brainmap import clusterers as voxels
from pipelines.spikes.clusterers import CLUSTERERS, EXACT, FOUND, MOST, SpikeClusterer
from pipelines.spikes.sorters import SORTERS, Sorter
from pipelines.step import Step
from pipelines.steps import STEPS
from pipelines.synapses import clusterers as synapses
from pipelines.synapses.classify.rows import CLASSIFIERS, Classifier

FILE = Path(__file__).resolve().parent / "steps.md"

HEAD = """# What can be run

Written by `docs/steps.py` from the rows in the code, `STEPS` first: change them there, then say
`make steps`.

Each is a command, `python -m pipelines ...`, and a form of the dashboard; both make the same
folder. What stands in brackets may be left out. Those that are quick may pass waiting jobs that
take long. `--help` lists the parameters of each.

| command | what it does | reads | leaves | takes |
| --- | --- | --- | --- | --- |
"""
SORTER_HEAD = """
## Sorters

`spikes sort --sorter`; `auto` takes what suits the channels. Rows: `SORTERS`.

| sorter | what it does | auto takes it for | looks at, as not every sorter does |
| --- | --- | --- | --- |
"""
CLUSTERER_HEAD = """
## Clusterers of the sorter group

`spikes sort --set clusterer=`. Rows: `CLUSTERERS`.

| clusterer | what it does | with `n_clusters` | looks at |
| --- | --- | --- | --- |
"""
VOXELS_HEAD = """
## Clusterers of voxels

`brainmap fit --set model=`. Rows: `CLUSTERERS` of the brain map.

| clusterer | what it does |
| --- | --- |
"""
SYNAPSES_HEAD = """
## Clusterers of synapses

`synapses fit --set labels=`. Rows: `CLUSTERERS` of the synapses.

| clusterer | what it does | of |
| --- | --- | --- |
"""
CLASSIFIER_HEAD = """
## Classifiers of synapses

`synapses train --set classifier=`; `auto` compares them all. Rows: `CLASSIFIERS`.

| classifier | what it is | source | in the bundle | looks at |
| --- | --- | --- | --- | --- |
"""


def text() -> str:
    """The whole file."""
    return HEAD + "".join(
        [
            *map(_row, map(_cells, STEPS.values())),
            SORTER_HEAD,
            *map(_row, map(_sorter, SORTERS.values())),
            CLUSTERER_HEAD,
            *map(_row, map(_clusterer, CLUSTERERS.values())),
            VOXELS_HEAD,
            *(_row((f"`{one.name}`", one.about)) for one in voxels.CLUSTERERS.values()),
            SYNAPSES_HEAD,
            *map(_row, map(_of_synapses, synapses.CLUSTERERS.values())),
            CLASSIFIER_HEAD,
            *map(_row, map(_classifier, CLASSIFIERS.values())),
        ]
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _sorter(one: Sorter) -> Iterator[str]:
    yield f"`{one.name}`"
    yield one.about
    yield one.suits or "–"
    yield _names(one.heeds)


def _clusterer(one: SpikeClusterer) -> Iterator[str]:
    yield f"`{one.name}`"
    yield one.about
    yield {FOUND: "finds it", MOST: "at most as many", EXACT: "exactly as many"}[one.number]
    yield _names(one.heeds)


def _of_synapses(one: synapses.SynapseClusterer) -> Iterator[str]:
    yield f"`{one.name}`"
    yield one.about
    yield "the map" if one.on_map else "the features"


def _classifier(one: Classifier) -> Iterator[str]:
    yield f"`{one.name}`"
    yield one.title
    yield one.source
    yield f"classifier.{one.stored}"
    yield _names(one.heeds)


def _names(parameters: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in parameters) or "–"


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
