"""`python -m pipelines spikes step DIR ACTION`: one step of curation from a script."""

import argparse
from pathlib import Path

import numpy as np

from pipelines.errors import InputError, ParameterError
from pipelines.spikes.curation import ACTIONS, LABELS, Step
from pipelines.spikes.curation_log import LOG_FILE, Log, curate, read_start


def add(sub: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("step", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
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
    sub.add_argument("--author", required=True, help="who curates")
    sub.add_argument("--reason", default="", help="why")
    sub.set_defaults(action=run)


def run(options: argparse.Namespace) -> None:
    """Add the step to `curation.jsonl` in the folder and say what there is now.

    Raises:
        NeuroboardError: it cannot be done; nothing was logged.
    """
    start, digest = read_start(options.folder)
    step = Step(
        options.step,
        options.author,
        _units(options.units),
        options.label,
        tuple(_places(file) for file in options.spikes),
        reason=options.reason,
    )
    state = curate(Log(options.folder / LOG_FILE, digest), start, step)
    print(f"n_units: {len(state.units)}")
    print(f"n_labelled: {len(state.labels)}")
    print(f"n_steps: {len(state.done)}")


def _units(text: str) -> tuple[int, ...]:
    words = text.replace(",", " ").split()
    if not all(word.isdecimal() for word in words):
        raise ParameterError(f"--units {text}: give numbers divided by commas, such as 3,4.")
    return tuple(int(word) for word in words)


def _places(file: Path) -> tuple[int, ...]:
    try:
        return tuple(np.loadtxt(file, dtype=np.int64, ndmin=1).tolist())
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as whole numbers, one a line: {error}") from None
