"""The command line: `python -m pipelines GROUP COMMAND ...`.

Exit codes: 0 done; 1 a bug; 2 the input or a parameter is wrong; 130 cancelled.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from pipelines import tasks
from pipelines.errors import Cancelled, NeuroboardError
from pipelines.outputs import atomic_file, atomic_folder
from pipelines.parameters import Parameters, from_assignments
from pipelines.progress import Report
from pipelines.provenance import Run
from pipelines.terminal import progress_on_terminal

DEMOS: Mapping[str, str] = {
    "spikes": "pipelines.spikes.demo",
    "brainmap": "pipelines.brainmap.demo",
    "synapses": "pipelines.synapses.simulate",
}


@dataclass(frozen=True)
class Option:
    """A plain option that is another way to write `--set name=value`."""

    flag: str
    parameter: str
    help: str


@dataclass(frozen=True)
class Command:
    """How a task looks on the command line."""

    task: str
    help: str
    options: tuple[Option, ...] = ()
    one_file: str = ""


_SHEET = Option("--sheet", "sheet", "name of the sheet in a workbook")
COMMANDS = (
    Command(
        "spikes sort",
        "sort a recording into units",
        (
            Option("--sorter", "sorter", "which sorter"),
            Option("--sampling-frequency", "sampling_frequency", "raw binary: Hz"),
            Option("--num-channels", "num_channels", "raw binary: channels"),
            Option("--dtype", "dtype", "raw binary: sample type, such as int16"),
            Option("--gain-uv", "gain_uv", "microvolts per bit"),
        ),
    ),
    Command(
        "brainmap fit",
        "map voxels by their activity",
        (Option("--planes", "planes", "pages per volume in a multi-page TIFF"),),
    ),
    Command("synapses check", "validate a table", (_SHEET,), one_file="report.csv"),
    Command("synapses fit", "embed and cluster synapses", (_SHEET,)),
    Command("synapses train", "train a classifier on a fit"),
    Command(
        "synapses predict",
        "clusters of new synapses",
        (_SHEET,),
        one_file="predictions.csv",
    ),
)


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong on standard error and leave with 2."""
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    action: Callable[[argparse.Namespace], None] = options.action
    try:
        action(options)
    except NeuroboardError as error:
        print(error.sentence, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Cancelled; nothing was written.", file=sys.stderr)
        return Cancelled.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of all groups and commands."""
    top = Parser(prog="python -m pipelines", description="Neuroboard's pipelines.")
    groups = top.add_subparsers(metavar="GROUP", required=True)
    _add_demo(groups.add_parser("demo", help="example data with their truth"))
    commands: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in COMMANDS:
        group, name = command.task.split()
        if group not in commands:
            commands[group] = groups.add_parser(group, help=f"the {group} pipeline").add_subparsers(
                metavar="COMMAND", required=True
            )
        _add_command(commands[group].add_parser(name, help=command.help), command)
    return top


def _add_demo(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("which", choices=sorted(DEMOS))
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--overwrite", action="store_true", help="replace DIR")
    sub.set_defaults(action=_run_demo)


def _add_command(sub: argparse.ArgumentParser, command: Command) -> None:
    task = tasks.TASKS[command.task]
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.epilog = describe(task.parameters)
    for name in task.inputs:
        sub.add_argument(name, type=Path, metavar=name.upper())
    _add_out(sub, command)
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="assign")
    sub.add_argument("--params", type=Path, metavar="FILE.json", help="a whole set of parameters")
    sub.add_argument("--overwrite", action="store_true", help="replace the output")
    sub.add_argument("--quiet", action="store_true", help="no progress")
    for option in command.options:
        sub.add_argument(option.flag, dest=option.parameter, help=option.help)
    sub.set_defaults(action=_run_command, command=command)


def _add_out(sub: argparse.ArgumentParser, command: Command) -> None:
    if command.task == "synapses check":
        sub.add_argument("--out", type=Path, metavar="REPORT.csv", help="write the report there")
    else:
        what = "CSV" if command.one_file else "DIR"
        sub.add_argument("--out", type=Path, metavar=what, required=True, help="what to make")


def describe(model: type[Parameters]) -> str:
    """The parameters of a model as the last part of a help text."""
    lines = ["parameters (--set NAME=VALUE):"]
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        unit = f" {extra['unit']}" if isinstance(extra, dict) and extra.get("unit") else ""
        lines.append(f"  {name} = {field.default}{unit}")
        lines.append(f"      {field.description}")
    return "\n".join(lines)


def _run_demo(options: argparse.Namespace) -> None:
    demo = import_module(DEMOS[options.which])
    with atomic_folder(options.folder, overwrite=options.overwrite) as folder:
        demo.make(folder, options.seed)
    print(f"Example data for {options.which} (seed {options.seed}) is in {options.folder}")


def _run_command(options: argparse.Namespace) -> None:
    command: Command = options.command
    parameters = _parameters(options, command)
    with progress_on_terminal(options.quiet) as report:
        if command.one_file:
            record = _run_to_file(options, command, parameters, report)
        else:
            record = tasks.run(
                command.task,
                _inputs(options, command),
                parameters,
                options.out,
                overwrite=options.overwrite,
                report=report,
            )
    for name, value in record.results.items():
        print(f"{name}: {value}")


def _run_to_file(
    options: argparse.Namespace, command: Command, parameters: Parameters, report: Report
) -> Run:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "result"
        inputs = _inputs(options, command)
        if options.out is None:
            return tasks.run(command.task, inputs, parameters, folder, report=report)
        with atomic_file(options.out, overwrite=options.overwrite) as file:
            record = tasks.run(command.task, inputs, parameters, folder, report=report)
            shutil.copyfile(folder / command.one_file, file)
    return record


def _parameters(options: argparse.Namespace, command: Command) -> Parameters:
    plain = [
        f"{option.parameter}={value}"
        for option in command.options
        if (value := getattr(options, option.parameter)) is not None
    ]
    model = tasks.TASKS[command.task].parameters
    return from_assignments(model, [*options.assign, *plain], options.params)


def _inputs(options: argparse.Namespace, command: Command) -> dict[str, Path]:
    return {name: getattr(options, name) for name in tasks.TASKS[command.task].inputs}


if __name__ == "__main__":
    sys.exit(main())
