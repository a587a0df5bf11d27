"""The command line: `python -m pipelines GROUP COMMAND ...`.

Exit codes: 0 done; 1 a bug; 2 the input or a parameter is wrong; 130 cancelled.
"""

import sys

if __name__ == "__main__":  # before the imports below, which the watching process does without
    from pipelines.guard import run_watched

    run_watched(sys.argv[1:])

import argparse
import json
import shutil
import tempfile
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from pipelines import convert_command, export_command, model_sources, outputs, registry, tasks
from pipelines.commands import COMMANDS, Command, Option
from pipelines.errors import (
    OUT_OF_MEMORY,
    BundleError,
    Cancelled,
    InputError,
    NeuroboardError,
    OutputError,
    ParameterError,
)
from pipelines.outputs import atomic_file, atomic_folder
from pipelines.parameters import Parameters, from_assignments
from pipelines.progress import Report
from pipelines.provenance import Run
from pipelines.spikes import locate_command, step_command
from pipelines.spikes.batch_command import add_batch
from pipelines.synapses.parameters import SimulationParameters
from pipelines.terminal import progress_on_terminal, say, shown, until_nobody_reads

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
    commands: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in COMMANDS:
        group, name = command.task.split()
        if group not in commands:
            commands[group] = groups.add_parser(group, help=f"the {group} pipeline").add_subparsers(
                metavar="COMMAND", required=True
            )
        _add_command(commands[group].add_parser(name, help=command.help), command)
    step_command.add(commands["spikes"].add_parser("step", help="one step of curating a sorting"))
    locating = commands["spikes"].add_parser("locate", help="say where a recording lies now")
    locate_command.add(locating)
    sort = next(command for command in COMMANDS if command.task == "spikes sort")
    batch = commands["spikes"].add_parser("batch", help="sort many recordings")
    add_batch(batch, sort.options, [one for one in sort.files if one.name != "earlier"])
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
    sub.epilog = "\n".join(f"{name}: {describe(model)}" for name, model in DEMO_PARAMETERS.items())
    sub.set_defaults(action=_run_demo)


def _add_models(sub: argparse.ArgumentParser) -> None:
    commands = sub.add_subparsers(metavar="COMMAND", required=True)
    add = commands.add_parser("add", help="keep a bundle, a published model or a pickled one")
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
    listing = commands.add_parser("list", help="the models and what they are")
    verify = commands.add_parser("verify", help="compare every file with its sha256")
    retire = commands.add_parser("retire", help="offer a model no longer; nothing is deleted")
    restore = commands.add_parser("restore", help="offer a retired model again")
    for command, name in ((verify, "?"), (retire, None), (restore, None)):
        command.add_argument("name", metavar="NAME", nargs=name)
    export = commands.add_parser("export", help="write a model as a pickle for other programs")
    export_command.add(export)
    convert_command.add(
        commands.add_parser("convert", help="store what an earlier version kept as a pickle")
    )
    actions = (_models_add, _models_list, _models_verify, _models_retire, _models_restore)
    for command, action in zip((add, listing, verify, retire, restore), actions, strict=True):
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
    entry = model_sources.add(options.source, options.registry, options.name)
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


def _add_command(sub: argparse.ArgumentParser, command: Command) -> None:
    task = tasks.TASKS[command.task]
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.epilog = describe(task.parameters)
    for name in task.inputs:
        nargs = "+" if task.many else ("?" if command.instead else None)
        sub.add_argument(name, type=Path, metavar=name.upper(), nargs=nargs)
    if command.instead:
        flags = [command.short] if command.short else []
        words = "the input, by a flag" if command.short else "a table alone"
        sub.add_argument(*flags, command.instead, type=Path, metavar="PATH", help=words)
    if command.show:
        sub.add_argument("-p", "--show-plot", action="store_true", help=f"open {command.show}")
    for place in command.positional:
        sub.add_argument(place.parameter, metavar=place.flag, help=place.help)
    _add_out(sub, command)
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="assign")
    sub.add_argument("--params", type=Path, metavar="FILE.json", help="a whole set of parameters")
    sub.add_argument("--overwrite", action="store_true", help="replace the output")
    for option in command.options:
        if option.repeats:
            sub.add_argument(
                option.flag,
                dest=option.parameter,
                help=option.help,
                action="append",
                metavar="NAME=VALUE",
            )
        else:
            sub.add_argument(option.flag, dest=option.parameter, help=option.help)
    for file in command.files:
        sub.add_argument(*file.flags, dest=file.name, type=Path, metavar="FILE", help=file.help)
    for file in command.extra:
        sub.add_argument(file.flag, dest=file.name, type=Path, metavar="FILE", help=file.help)
    sub.set_defaults(action=_run_command, command=command)


def _add_out(sub: argparse.ArgumentParser, command: Command) -> None:
    if command.task == "synapses check":
        sub.add_argument("--out", type=Path, metavar="REPORT.csv", help="write the report there")
    else:
        what = f"FILE{Path(command.one_file).suffix}" if command.one_file else "DIR"
        words = "what to make"
        if command.without_out:
            words += f"; without it {command.without_out}"
        required = not command.kept_by
        sub.add_argument("--out", type=Path, metavar=what, required=required, help=words)


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
    model = DEMO_PARAMETERS.get(options.which)
    if model is None and options.assign:
        raise ParameterError(f"The example data for {options.which} have no parameters but --seed.")
    chosen = (from_assignments(model, options.assign),) if model else ()
    with atomic_folder(options.folder, overwrite=options.overwrite) as folder:
        demo.make(folder, options.seed, *chosen)
        outputs.refuse_other_names(options.folder, folder)
    say(f"Example data for {options.which} (seed {options.seed}) is in {options.folder}")


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
    _print_results(record)
    if getattr(options, "show_plot", False):
        _show(options.out / command.show)


def _print_results(record: Run) -> None:
    """The headline figures, after the sentences that one has to know before reading them."""
    for note in record.results.get("notes", ()):
        say(f"Note: {note}")
    for line in _offers(record):
        say(f"Offer: {line}")
    for name, value in record.results.items():
        if name not in ("notes", "offers"):
            say(f"{name}: {value}")


def _offers(record: Run) -> list[str]:
    """What can be repaired, each with the option that does so."""
    asked = record.parameters.get("repair", [])
    return [
        f"{offer['message']} For {offer['n_rows']:,} row{'' if offer['n_rows'] == 1 else 's'}: "
        f"--set repair={','.join([*asked, name])}"
        for name, offer in record.results.get("offers", {}).items()
    ]


def _show(file: Path) -> None:
    """Open a page of a result in the browser, if there is one, and say where it lies."""
    say(f"plot: {file}")
    webbrowser.open(file.resolve().as_uri())


def _run_to_file(
    options: argparse.Namespace, command: Command, parameters: Parameters, report: Report
) -> Run:
    inputs = _inputs(options, command)
    if command.kept_by and options.out is None:
        return _run_and_keep(inputs, command, parameters, report)
    wanted = {command.one_file: options.out} if options.out is not None else {}
    asked = {file.name: getattr(options, file.name) for file in command.extra}
    wanted |= {name: path for name, path in asked.items() if path is not None}
    for path in wanted.values():
        outputs.refuse_inputs(path, inputs.values())
        outputs.refuse_parts(path, inputs.values(), wanted)
    with ExitStack() as files, tempfile.TemporaryDirectory() as scratch:
        targets = {
            name: files.enter_context(atomic_file(path, overwrite=options.overwrite))
            for name, path in wanted.items()
        }
        beside = next(iter(targets.values()), Path(scratch) / "out")
        folder = beside.with_name(f"{beside.name}-result")
        record = tasks.run(command.task, inputs, parameters, folder, report=report)
        for name, target in targets.items():
            shutil.move(folder / name, target)
    return record


def _run_and_keep(
    inputs: Mapping[str, Path], command: Command, parameters: Parameters, report: Report
) -> Run:
    """Put the result into the folder of the first input, and say so first."""
    source = next(iter(inputs.values()))
    if not source.is_dir():
        raise ParameterError(f"{source} is no folder of a result: say with --out what to make.")
    module, _, name = command.kept_by.partition(":")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "out"
        record = tasks.run(command.task, inputs, parameters, folder, report=report)
        sentence: str = getattr(import_module(module), name)(folder, source)
    notes = [sentence, *record.results.get("notes", ())]
    return replace(record, results={**record.results, "notes": notes})


def _parameters(options: argparse.Namespace, command: Command) -> Parameters:
    plain = [
        f"{option.parameter}={_mapping(option, value) if option.repeats else value}"
        for option in (*command.options, *command.positional)
        if (value := getattr(options, option.parameter)) is not None
    ]
    model = tasks.TASKS[command.task].parameters
    return from_assignments(model, [*options.assign, *plain], options.params)


def _mapping(option: Option, pairs: Sequence[str]) -> str:
    """What an option was given, NAME=VALUE each time, as the text of a JSON object."""
    parts = [pair.partition("=") for pair in pairs]
    wrong = [pair for pair, part in zip(pairs, parts, strict=True) if not (part[0] and part[2])]
    if wrong:
        raise ParameterError(f"{option.flag} {wrong[0]}: write it as NAME=HEADER.")
    return json.dumps({name.strip(): value.strip() for name, _, value in parts})


def _inputs(options: argparse.Namespace, command: Command) -> dict[str, Path]:
    optional = (file.name for file in command.files if getattr(options, file.name) is not None)
    task = tasks.TASKS[command.task]
    if task.many:
        first = task.inputs[-1]
        files: list[Path] = getattr(options, first)
        return {f"{first} {n}" if n > 1 else first: file for n, file in enumerate(files, 1)}
    names = (*task.inputs, *optional)
    found = {name: getattr(options, name) for name in names}
    if "bundle" in task.optional and "bundle" in found:
        called = found["bundle"].as_posix()
        found["bundle"] = model_sources.in_registry(called, registry.default_folder())
    if command.instead:
        found[task.inputs[0]] = _place_or_flag(found[task.inputs[0]], options, command)
    return found


def _place_or_flag(place: Path | None, options: argparse.Namespace, command: Command) -> Path:
    """The first input, given by its place or by the flag that stands for it."""
    flag: Path | None = getattr(options, command.instead.removeprefix("--").replace("-", "_"))
    given = [path for path in (place, flag) if path is not None]
    if len(given) != 1:
        first = tasks.TASKS[command.task].inputs[0].upper()
        raise ParameterError(f"Give either {first} by its place or {command.instead} PATH.")
    return given[0]


if __name__ == "__main__":
    sys.exit(main())
