"""`python -m pipelines spikes batch`: many recordings with one command."""

import argparse
from pathlib import Path

from pipelines.commands import add_files, add_options
from pipelines.core.errors import InputError
from pipelines.core.parameters import from_assignments
from pipelines.core.terminal import progress_on_terminal, say
from pipelines.spikes.parameters import SpikesParameters
from pipelines.steps import STEPS


def add(sub: argparse.ArgumentParser) -> None:
    """Give the command its arguments and its action: those of sorting, for many recordings."""
    sort = STEPS["spikes sort"]
    options = sort.command.options
    files = [one for one in sort.inputs if one.is_optional and one.name != "earlier"]
    sub.add_argument("recordings", type=Path, metavar="RECORDING", nargs="+")
    sub.add_argument(
        "--out", type=Path, metavar="DIR", required=True,
        help="one folder for each recording, and batch.csv; given again, what is done stays",
    )  # fmt: skip
    sub.add_argument(
        "--overwrite", action="store_true",
        help="sort again what was sorted before; a sorting with a curation is kept beside it",
    )  # fmt: skip
    add_options(sub, options)
    add_files(sub, files)
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="assign")
    sub.add_argument("--params", type=Path, metavar="FILE.json", help="a whole set of parameters")
    names = [option.parameter for option in options]
    sub.set_defaults(action=run_batch, plain=names, files=[file.name for file in files])


def run_batch(options: argparse.Namespace) -> None:
    """Sort all recordings and print the table of states.

    Raises:
        InputError: some failed; the others are there.
    """
    from pipelines.spikes.batch.batch import TABLE, sort_many

    given = {name: getattr(options, name) for name in (*options.plain, *options.files)}
    plain = [f"{name}={given[name]}" for name in options.plain if given[name] is not None]
    files = {name: given[name] for name in options.files if given[name] is not None}
    values = from_assignments(SpikesParameters, [*options.assign, *plain], options.params)
    parameters = SpikesParameters.model_validate(values.model_dump())
    with progress_on_terminal(options.quiet) as report:
        entries = sort_many(
            options.recordings, parameters, options.out, report, files, overwrite=options.overwrite
        )
    for entry in entries:
        units = "" if entry.n_units is None else f", {entry.n_units} units in {entry.folder}"
        reason = f" ({entry.reason})" if entry.reason else ""
        say(f"{entry.recording}: {entry.state}{units}{reason}")
    failed = sum(entry.state == "failed" for entry in entries)
    if failed:
        raise InputError(
            f"{failed} of {len(entries)} recordings failed: see {options.out / TABLE}, and run the "
            "same command again when that is put right."
        )
