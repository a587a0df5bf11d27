"""`python -m pipelines spikes step DIR ACTION`: one step of curation from a script."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipelines.core.errors import InputError, ParameterError
from pipelines.core.terminal import say
from pipelines.files.reading import reading
from pipelines.spikes.curation.agreement import by_name, majority_steps, read_curator
from pipelines.spikes.curation.log import LOG_FILE, Log, curate, read_start
from pipelines.spikes.curation.reviewed import PROPOSALS, ReviewFolder
from pipelines.spikes.curation.steps import ACTIONS, CurationState, CurationStep, replay
from pipelines.spikes.labels.words import LABELS

TAKE, MAJORITY = "take", "majority"
"""Actions that do what a proposal says, and what most curators say."""


def add(sub: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sub.add_argument("folder", type=Path, metavar="DIR")
    actions = (*ACTIONS, TAKE, MAJORITY)
    sub.add_argument("step", choices=actions, metavar="ACTION", help=", ".join(actions))
    sub.add_argument("--review", type=Path, metavar="DIR", help="of take: what review made")
    sub.add_argument("--number", type=int, help="of take: which proposal, counted from 0")
    sub.add_argument("--units", default="", metavar="N[,N]", help="whom it concerns")
    sub.add_argument("--label", default="", help=f"{', '.join(LABELS)}; empty takes it away")
    sub.add_argument(
        "--spikes",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="places in spikes.npz, one a line; of a split a file for each part that leaves",
    )
    sub.add_argument(
        "--curators",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="of majority: a log of a curation, a table of labels or curated units, of each",
    )
    sub.add_argument("--author", required=True, help="who curates")
    sub.add_argument("--reason", default="", help="why")
    sub.set_defaults(action=run)


def run(options: argparse.Namespace) -> None:
    """Add the step to `curation.jsonl` in the folder and say what there is now.

    Raises:
        NeuroboardError: it cannot be done; nothing was logged.
    """
    start, digest = read_start(options.folder)
    log = Log(options.folder / LOG_FILE, digest)
    if options.step == MAJORITY:
        state = replay(start, log.read())
        steps = _of_most(options, state)
    else:
        steps = [_taken(options) if options.step == TAKE else _given(options)]
    for step in steps:
        state = curate(log, start, step)
    say(f"n_units: {len(state.units)}")
    say(f"n_labelled: {len(state.labels)}")
    say(f"n_steps: {len(state.done)}")


def _given(options: argparse.Namespace) -> CurationStep:
    return CurationStep(
        options.step,
        options.author,
        _units(options.units),
        options.label,
        tuple(_places(file) for file in options.spikes),
        reason=options.reason,
    )


def _taken(options: argparse.Namespace) -> CurationStep:
    """The step that a proposal stands for."""
    if options.review is None or options.number is None:
        raise ParameterError("take needs --review DIR and --number N: which proposal is taken.")
    number, proposals = int(options.number), ReviewFolder(options.review).proposals
    if 0 <= number < len(proposals):
        return proposals[number].step(options.author)
    file = options.review / PROPOSALS
    raise ParameterError(f"There is no proposal {number}: {file} has {len(proposals)}.")


def _of_most(options: argparse.Namespace, state: CurationState) -> list[CurationStep]:
    """The labels that most curators gave to units that are there, each as a step."""
    if len(options.curators) < 2:
        raise ParameterError("majority needs --curators FILE FILE ...: of two curators or more.")
    said = by_name([read_curator(file, "") for file in options.curators])
    there = {
        name: {unit: label for unit, label in labels.items() if unit in state.units}
        for name, labels in said.items()
    }
    steps = majority_steps(there, state.labels)
    return [replace(step, author=options.author) for step in steps]


def _units(text: str) -> tuple[int, ...]:
    words = text.replace(",", " ").split()
    if not all(word.isdecimal() for word in words):
        raise ParameterError(f"--units {text}: give numbers divided by commas, such as 3,4.")
    return tuple(int(word) for word in words)


def _places(file: Path) -> tuple[int, ...]:
    with reading(file, InputError, "write one a line", "list of whole numbers"):
        return tuple(np.loadtxt(file, dtype=np.int64, ndmin=1).tolist())
