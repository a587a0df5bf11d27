"""The command of each step: its arguments and what it does, made from the step's row."""

import argparse
import json
import shutil
import tempfile
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pipelines import tasks
from pipelines.core import outputs
from pipelines.core.errors import ParameterError
from pipelines.core.location import imported
from pipelines.core.outputs import atomic_file
from pipelines.core.parameters import Parameters, from_assignments
from pipelines.core.progress import Report
from pipelines.core.provenance import Run
from pipelines.core.terminal import progress_on_terminal, say
from pipelines.models import registry, sources
from pipelines.step import Input, Option, Step


def add(sub: argparse.ArgumentParser, step: Step) -> None:
    """Give a parser a step's arguments and its action."""
    command = step.command
    sub.formatter_class = argparse.RawDescriptionHelpFormatter
    sub.epilog = describe(step.parameters)
    for name in step.needed:
        nargs = "+" if step.many else ("?" if command.instead else None)
        sub.add_argument(name, type=Path, metavar=name.upper(), nargs=nargs)
    if command.instead:
        flags = [command.short] if command.short else []
        words = "the input, by a flag" if command.short else "a table alone"
        sub.add_argument(*flags, command.instead, type=Path, metavar="PATH", help=words)
    if command.show:
        sub.add_argument("-p", "--show-plot", action="store_true", help=f"open {command.show}")
    for place in command.positional:
        sub.add_argument(place.parameter, metavar=place.flag, help=place.help)
    out = command.out
    sub.add_argument("--out", type=Path, metavar=out.shown, required=out.needed, help=out.help)
    sub.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="assign")
    sub.add_argument("--params", type=Path, metavar="FILE.json", help="a whole set of parameters")
    sub.add_argument("--overwrite", action="store_true", help="replace the output")
    add_options(sub, command.options)
    add_files(sub, step.inputs)
    for extra in command.extra:
        sub.add_argument(extra.flag, dest=extra.file, type=Path, metavar="FILE", help=extra.help)
    sub.set_defaults(action=_run, step=step)


def add_options(sub: argparse.ArgumentParser, options: Sequence[Option]) -> None:
    """Give a parser the flags of parameters."""
    for option in options:
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


def add_files(sub: argparse.ArgumentParser, inputs: Sequence[Input]) -> None:
    """Give a parser the flags of those inputs that may be left out."""
    for file in inputs:
        if file.is_optional:
            sub.add_argument(*file.flags, dest=file.name, type=Path, metavar="FILE", help=file.help)


def choices(kind: Any) -> tuple[str, ...]:
    """The words that a parameter of some type may be; none if it is not a choice among words."""
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return tuple(word for part in get_args(kind) for word in choices(part))


def describe(model: type[Parameters]) -> str:
    """The parameters of a model as the last part of a help text."""
    lines = ["parameters (--set NAME=VALUE):"]
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        unit = f" {extra['unit']}" if isinstance(extra, dict) and extra.get("unit") else ""
        lines.append(f"  {name} = {field.default}{unit}")
        lines.append(f"      {field.description}")
        if named := choices(field.annotation):
            lines.append(f"      One of: {', '.join(named)}")
    return "\n".join(lines)


def _run(options: argparse.Namespace) -> None:
    step: Step = options.step
    parameters = _parameters(options, step)
    with progress_on_terminal(options.quiet) as report:
        if step.command.out.file:
            record = _run_to_file(options, step, parameters, report)
        else:
            record = tasks.run(
                step.name,
                _inputs(options, step),
                parameters,
                options.out,
                overwrite=options.overwrite,
                report=report,
            )
    _print_results(record)
    if getattr(options, "show_plot", False):
        _show(options.out / step.command.show)


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
    options: argparse.Namespace, step: Step, parameters: Parameters, report: Report
) -> Run:
    inputs, out = _inputs(options, step), step.command.out
    if out.kept_by and options.out is None:
        return _run_and_keep(inputs, step, parameters, report)
    wanted = {out.file: options.out} if options.out is not None else {}
    asked = {extra.file: getattr(options, extra.file) for extra in step.command.extra}
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
        record = tasks.run(step.name, inputs, parameters, folder, report=report)
        for name, target in targets.items():
            shutil.move(folder / name, target)
    return record


def _run_and_keep(
    inputs: Mapping[str, Path], step: Step, parameters: Parameters, report: Report
) -> Run:
    """Put the result into the folder of the first input, and say so first."""
    source = next(iter(inputs.values()))
    if not source.is_dir():
        raise ParameterError(f"{source} is no folder of a result: say with --out what to make.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "out"
        record = tasks.run(step.name, inputs, parameters, folder, report=report)
        sentence: str = imported(step.command.out.kept_by)(folder, source)
    notes = [sentence, *record.results.get("notes", ())]
    return replace(record, results={**record.results, "notes": notes})


def _parameters(options: argparse.Namespace, step: Step) -> Parameters:
    plain = [
        f"{option.parameter}={_mapping(option, value) if option.repeats else value}"
        for option in (*step.command.options, *step.command.positional)
        if (value := getattr(options, option.parameter)) is not None
    ]
    return from_assignments(step.parameters, [*options.assign, *plain], options.params)


def _mapping(option: Option, pairs: Sequence[str]) -> str:
    """What an option was given, NAME=VALUE each time, as the text of a JSON object."""
    parts = [pair.partition("=") for pair in pairs]
    wrong = [pair for pair, part in zip(pairs, parts, strict=True) if not (part[0] and part[2])]
    if wrong:
        raise ParameterError(f"{option.flag} {wrong[0]}: write it as NAME=HEADER.")
    return json.dumps({name.strip(): value.strip() for name, _, value in parts})


def _inputs(options: argparse.Namespace, step: Step) -> dict[str, Path]:
    if step.many:
        files: list[Path] = getattr(options, step.main)
        return {f"{step.main} {n}" if n > 1 else step.main: file for n, file in enumerate(files, 1)}
    given = (name for name in step.optional if getattr(options, name) is not None)
    found = {name: getattr(options, name) for name in (*step.needed, *given)}
    if "bundle" in step.optional and "bundle" in found:
        called = found["bundle"].as_posix()
        found["bundle"] = sources.in_registry(called, registry.default_folder())
    if step.command.instead:
        found[step.needed[0]] = _place_or_flag(found[step.needed[0]], options, step)
    return found


def _place_or_flag(place: Path | None, options: argparse.Namespace, step: Step) -> Path:
    """The first input, given by its place or by the flag that stands for it."""
    instead = step.command.instead
    flag: Path | None = getattr(options, instead.removeprefix("--").replace("-", "_"))
    given = [path for path in (place, flag) if path is not None]
    if len(given) != 1:
        first = step.needed[0].upper()
        raise ParameterError(f"Give either {first} by its place or {instead} PATH.")
    return given[0]
