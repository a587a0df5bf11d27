"""The runs that a report is about, as their folders tell of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from pipelines.core.errors import InputError
from pipelines.core.outputs import RECORD
from pipelines.core.parameters import Parameters
from pipelines.core.result_files import read_object
from pipelines.files.reading import reading
from pipelines.report.parameters import ReportParameters
from pipelines.step import Step
from pipelines.steps import STEPS

ADVICE = "give folders that a step made"


@dataclass(frozen=True)
class ReportedRun:
    """One run.

    Attributes:
        folder: of its result.
        task: its step.
        parameters: as they were recorded.
        results: the headline figures.
        inputs: of each `name`, `path`, `sha256` and `size`.
        versions: of the software that made it.
        started: as ISO 8601.
        seconds: how long it took.
        note: what a person wrote on it.
    """

    folder: Path
    task: str
    parameters: Mapping[str, Any]
    results: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]
    versions: Mapping[str, str]
    started: str = ""
    seconds: float = 0.0
    note: str = ""

    @property
    def step(self) -> Step:
        """What was run."""
        return STEPS[self.task]

    @property
    def name(self) -> str:
        """What the run is called: the number of its job, or its folder."""
        return self.folder.parent.name if self.folder.name == "result" else self.folder.name

    @property
    def notes(self) -> list[str]:
        """What one has to know before reading its result."""
        return [str(note) for note in self.results.get("notes") or ()]

    def input_name(self, name: str) -> str:
        """What an input is called, without where it lay; empty if there was none."""
        path = next((str(one["path"]) for one in self.inputs if one["name"] == name), "")
        return file_name(path)

    def has_input(self, name: str) -> bool:
        """Whether there was such an input."""
        return any(one["name"] == name for one in self.inputs)


def file_name(path: str) -> str:
    """The last part of a path of any system; of a result, the run that it is of."""
    parts = PureWindowsPath(path).parts if "\\" in path else PurePath(path).parts
    if parts[-1:] == ("result",) and len(parts) > 1:
        return f"result of {parts[-2]}"
    return parts[-1] if parts else ""


def read_runs(inputs: Mapping[str, Path], parameters: ReportParameters) -> list[ReportedRun]:
    """All runs, in the order in which they were given.

    Raises:
        InputError: a folder is no result of a step of one pipeline, or its record is damaged.
    """
    notes = (*parameters.notes, *[""] * len(inputs))
    runs = [_read(folder, note) for folder, note in zip(inputs.values(), notes, strict=False)]
    groups = sorted({run.step.group for run in runs})
    if len(groups) > 1:
        raise InputError(f"A report is about one pipeline, and these are of {', '.join(groups)}.")
    return runs


def _read(folder: Path, note: str) -> ReportedRun:
    file = folder / RECORD
    record = read_object(file, InputError, ADVICE)
    with reading(file, InputError, ADVICE, "record of a run"):
        task = str(record["pipeline"])
        if task not in STEPS:
            raise InputError(
                f"{folder} is the result of {task!r}, which is no step here: {ADVICE}."
            )
        return ReportedRun(
            folder=folder,
            task=task,
            parameters=dict(record["parameters"]),
            results=dict(record["results"]),
            inputs=[dict(one) for one in record["inputs"]],
            versions={str(name): str(one) for name, one in record.get("versions", {}).items()},
            started=str(record.get("started", "")),
            seconds=float(record.get("seconds", 0.0)),
            note=note,
        )


@dataclass(frozen=True)
class Setting:
    """One parameter of a run: its label, its value and what it would be by default."""

    label: str
    value: str
    default: str
    changed: bool


def settings(run: ReportedRun) -> Iterator[Setting]:
    """The parameters of a run, also those that this version does not know."""
    model: type[Parameters] = run.step.parameters
    defaults = model().model_dump(mode="json")
    for name, value in run.parameters.items():
        field = model.model_fields.get(name)
        unit = ""
        if field is not None and isinstance(field.json_schema_extra, dict):
            unit = str(field.json_schema_extra.get("unit") or "")
        label = str(field.title or name) if field is not None else name
        yield Setting(
            f"{label} ({unit})" if unit else label,
            word(value),
            word(defaults.get(name)),
            name in defaults and defaults[name] != value,
        )


def word(value: Any) -> str:
    """A value as a text; a dash for none."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
