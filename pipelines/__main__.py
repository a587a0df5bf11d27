"""The command line: `python -m pipelines GROUP COMMAND ...`.

Exit codes: 0 done; 1 a bug; 2 the input or a parameter is wrong; 130 cancelled.
"""

import sys

if __name__ == "__main__":  # before the imports below, which the watching process does without
    from pipelines.processes.guard import run_watched

    run_watched(sys.argv[1:])

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from pipelines import commands
from pipelines.core import outputs
from pipelines.core.errors import (
    OUT_OF_MEMORY,
    BundleError,
    Cancelled,
    InputError,
    NeuroboardError,
    OutputError,
    ParameterError,
)
from pipelines.core.outputs import atomic_folder
from pipelines.core.parameters import Parameters, from_assignments
from pipelines.core.terminal import say, shown, until_nobody_reads
from pipelines.models import commands as models_commands
from pipelines.models import registry, sources
from pipelines.spikes.batch import command as batch_command
from pipelines.spikes.curation import step_command
from pipelines.spikes.recording import locate_command
from pipelines.steps import STEPS
from pipelines.synapses.parameters import SimulationParameters

DEMO_PARAMETERS: Mapping[str, type[Parameters]] = {"synapses": SimulationParameters}
"""What can be set of example data; of the others only the seed can."""
DEMOS: Mapping[str, str] = {
    "spikes": "pipelines.spikes.demo",
    "brainmap": "pipelines.brainmap.demo",
    "synapses": "pipelines.synapses.simulate",
}


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong on standard error and leave with 2."""
        self.exit(2, shown(f"{self.prog}: {message}. See {self.prog} --help.\n"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        with until_nobody_reads():
            options = parser().parse_args(arguments)
            return _done(options.action, options)
    except OutputError as error:  # what is printed goes to a full disk, complaints perhaps too
        with suppress(OutputError):
            say(error.sentence, sys.stderr)
        return error.exit_code


def _done(action: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    try:
        action(options)
    except NeuroboardError as error:
        say(error.sentence, sys.stderr)
        return error.exit_code
    except MemoryError:
        say(OUT_OF_MEMORY, sys.stderr)
        return InputError.exit_code
    except KeyboardInterrupt:
        say("Cancelled; nothing was written.", sys.stderr)
        return Cancelled.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all groups and commands."""
    top = Parser(prog="python -m pipelines", description="Neuroboard's pipelines.")
    groups = top.add_subparsers(metavar="GROUP", required=True)
    _add_demo(groups.add_parser("demo", help="example data with their truth"))
    _add_models(groups.add_parser("models", help="the registry of models"))
    areas: dict[str, argparse._SubParsersAction[Parser]] = {}
    for step in STEPS.values():
        group, name = step.name.split()
        if group not in areas:
            areas[group] = groups.add_parser(group, help=f"the {group} pipeline").add_subparsers(
                metavar="COMMAND", required=True
            )
        commands.add(areas[group].add_parser(name, help=step.command.help), step)
    step_command.add(areas["spikes"].add_parser("step", help="one step of curating a sorting"))
    locating = areas["spikes"].add_parser("locate", help="say where a recording lies now")
    locate_command.add(locating)
    batch_command.add(areas["spikes"].add_parser("batch", help="sort many recordings"))
    top.set_defaults(quiet=False)
    _accept_quiet(top)
    return top


def _accept_quiet(some: argparse.ArgumentParser) -> None:
    """Take `--quiet` at every place where an option may stand."""
    nested = [one for one in some._actions if isinstance(one, argparse._SubParsersAction)]
    some.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress")
    for sub in {id(sub): sub for one in nested for sub in one.choices.values()}.values():
        _accept_quiet(sub)


def _add_demo(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("which", choices=sorted(DEMOS))
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="assign")
    sub.add_argument("--overwrite", action="store_true", help="replace DIR")
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.epilog = "\n".join(
        f"{name}: {commands.describe(model)}" for name, model in DEMO_PARAMETERS.items()
    )
    sub.set_defaults(action=_run_demo)


def _add_models(sub: argparse.ArgumentParser) -> None:
    actions = sub.add_subparsers(metavar="COMMAND", required=True)
    add = actions.add_parser("add", help="keep a bundle, a published model or a pickled one")
    add.add_argument(
        "source",
        metavar="SOURCE",
        nargs="+",
        help="a bundle's folder; a *_bundle.pkl or another model as .pkl or .joblib, which is read "
        "without running it (Linux only); or one or two classifiers of units (noise or "
        "neural, single or multi), each a folder with a .skops file or a name OWNER/MODEL on "
        "HuggingFace, which is fetched",
    )
    add.add_argument("--name", default="", help="what to call it; otherwise as the source")
    listing = actions.add_parser("list", help="the models and what they are")
    verify = actions.add_parser("verify", help="compare every file with its sha256")
    retire = actions.add_parser("retire", help="offer a model no longer; nothing is deleted")
    restore = actions.add_parser("restore", help="offer a retired model again")
    for command, name in ((verify, "?"), (retire, None), (restore, None)):
        command.add_argument("name", metavar="NAME", nargs=name)
    export = actions.add_parser("export", help="write a model as a pickle for other programs")
    models_commands.add_export(export)
    models_commands.add_convert(
        actions.add_parser("convert", help="store what an earlier version kept as a pickle")
    )
    done_by = (_models_add, _models_list, _models_verify, _models_retire, _models_restore)
    for command, action in zip((add, listing, verify, retire, restore), done_by, strict=True):
        command.set_defaults(action=action)
    for command in (add, listing, verify, retire, restore, export):
        command.add_argument(
            "--registry",
            type=Path,
            metavar="DIR",
            default=registry.default_folder(),
            help="folder of the registry (default: models in the app's home folder)",
        )


def _models_add(options: argparse.Namespace) -> None:
    entry = sources.add(options.source, options.registry, options.name)
    say(f"{entry.name} is in {options.registry}, sha256 {entry.digest}")


def _models_list(options: argparse.Namespace) -> None:
    for entry in registry.entries(options.registry):
        state = f"retired {entry.retired}" if entry.retired else "in use"
        say(f"{entry.name}: {entry.summary()}; added {entry.added}, {state}")


def _models_verify(options: argparse.Namespace) -> None:
    chosen = (
        [registry.find(options.registry, options.name)]
        if options.name
        else registry.entries(options.registry)
    )
    problems = {entry.name: entry.problems() for entry in chosen}
    for name, found in problems.items():
        say(f"{name}: {'; '.join(found) or 'as it was added'}")
    if any(problems.values()):
        raise BundleError("Not every model is as it was added: restore it from a backup.")


def _models_retire(options: argparse.Namespace) -> None:
    say(f"{registry.retire(options.registry, options.name).name} is retired; its files stay.")


def _models_restore(options: argparse.Namespace) -> None:
    say(f"{registry.restore(options.registry, options.name).name} is in use again.")


def _run_demo(options: argparse.Namespace) -> None:
    demo = import_module(DEMOS[options.which])
    model = DEMO_PARAMETERS.get(options.which)
    if model is None and options.assign:
        raise ParameterError(f"The example data for {options.which} have no parameters but --seed.")
    chosen = (from_assignments(model, options.assign),) if model else ()
    with atomic_folder(options.folder, overwrite=options.overwrite) as folder:
        demo.make(folder, options.seed, *chosen)
        outputs.refuse_other_names(options.folder, folder)
    say(f"Example data for {options.which} (seed {options.seed}) is in {options.folder}")


if __name__ == "__main__":
    sys.exit(main())
