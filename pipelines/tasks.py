"""The table of everything that can be run, and the one way to run it.

A task is a function `function(inputs, parameters, folder, report) -> results`:
it reads the input paths, writes its files into an empty folder and returns the
headline figures. Among them `notes` is a list of sentences that a person has to know before
reading the result, such as what was taken where a file does not say it; the page, the command
line and reports put them first. The command line, the dashboard's jobs and scripts all come
through `run`, so they all leave the same folder with the same `run.json`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines import doing, outputs, provenance
from pipelines.brainmap.compose_parameters import ComposeParameters
from pipelines.brainmap.correlation_parameters import CorrelateParameters
from pipelines.brainmap.export_parameters import MapExportParameters
from pipelines.brainmap.operation_parameters import OperationParameters
from pipelines.brainmap.parameters import BrainmapParameters, LookParameters
from pipelines.brainmap.statistics_parameters import StatisticsParameters
from pipelines.digesting import Digesting
from pipelines.errors import InputError, ParameterError
from pipelines.links import refuse_links_out
from pipelines.outputs import atomic_folder
from pipelines.parameters import Parameters
from pipelines.progress import Report, silent
from pipelines.reading import reading
from pipelines.spikes.curation_parameters import (
    AgreementParameters,
    CurateParameters,
    ReviewParameters,
    TrainingTableParameters,
)
from pipelines.spikes.label_parameters import LabelParameters, TrainLabelsParameters
from pipelines.spikes.parameters import ExportParameters, SpikesParameters
from pipelines.spikes.recording_parameters import LookParameters as RecordingLookParameters
from pipelines.synapses.parameters import (
    CheckParameters,
    FitParameters,
    PredictParameters,
    TrainParameters,
)

Results = dict[str, Any]
Inputs = Mapping[str, Path]
Function = Callable[[Inputs, Any, Path, Report], Results]


@dataclass(frozen=True)
class Task:
    """One thing that can be run. The function is imported only when it is needed.

    `inputs` must be given, `optional` ones may be. With `many` the last input may be there
    several times, the further ones as "name 2", "name 3" and so on.
    """

    name: str
    parameters: type[Parameters]
    inputs: tuple[str, ...]
    location: str
    optional: tuple[str, ...] = ()
    many: bool = False

    def takes(self, name: str) -> bool:
        """Whether there is an input of that name."""
        first, _, number = name.rpartition(" ")
        if self.many and first == self.inputs[-1] and number.isdigit():
            return True
        return name in (*self.inputs, *self.optional)

    @property
    def function(self) -> Function:
        """What runs the task."""
        module, _, name = self.location.partition(":")
        function: Function = getattr(import_module(module), name)
        return function


_ALL = (
    Task("brainmap fit", BrainmapParameters, ("images",), "pipelines.brainmap.fit:fit"),
    Task("brainmap look", LookParameters, ("images",), "pipelines.brainmap.look:look"),
    Task(
        "brainmap series",
        OperationParameters,
        ("images",),
        "pipelines.brainmap.operate:operate",
        ("signal",),
    ),
    Task(
        "brainmap correlate",
        CorrelateParameters,
        ("images",),
        "pipelines.brainmap.correlation:correlate",
        ("signal", "map"),
    ),
    Task(
        "brainmap statistics",
        StatisticsParameters,
        ("images",),
        "pipelines.brainmap.statistics:statistics",
    ),
    Task("brainmap export", MapExportParameters, ("map",), "pipelines.brainmap.export:export"),
    Task("brainmap colorize", ComposeParameters, ("map",), "pipelines.brainmap.compose:colorize"),
    Task("synapses check", CheckParameters, ("table",), "pipelines.synapses.checking:check"),
    Task("synapses fit", FitParameters, ("table",), "pipelines.synapses.fit:fit", ("labels",)),
    Task("synapses train", TrainParameters, ("fit",), "pipelines.synapses.classify:train"),
    Task(
        "synapses predict",
        PredictParameters,
        ("bundle", "table"),
        "pipelines.synapses.predict:predict",
    ),
    Task(
        "spikes look",
        RecordingLookParameters,
        ("recording",),
        "pipelines.spikes.look:look",
        ("probe",),
    ),
    Task(
        "spikes sort",
        SpikesParameters,
        ("recording",),
        "pipelines.spikes.sort:sort",
        ("probe", "sort_file", "earlier"),
    ),
    Task(
        "spikes label",
        LabelParameters,
        ("units",),
        "pipelines.spikes.label:label",
        ("thresholds", "bundle"),
    ),
    Task(
        "spikes review",
        ReviewParameters,
        ("sorting",),
        "pipelines.spikes.review:review",
        ("thresholds", "bundle", "curation"),
    ),
    Task(
        "spikes curate",
        CurateParameters,
        ("sorting",),
        "pipelines.spikes.curated:curate",
        ("curation", "labels"),
    ),
    Task(
        "spikes agreement",
        AgreementParameters,
        ("labels",),
        "pipelines.spikes.agreement:agreement",
        many=True,
    ),
    Task(
        "spikes training-table",
        TrainingTableParameters,
        ("curated",),
        "pipelines.spikes.training_table:training_table",
        many=True,
    ),
    Task(
        "spikes export",
        ExportParameters,
        ("sorting",),
        "pipelines.spikes.export:export",
        ("labels",),
    ),
    Task(
        "spikes train-labels",
        TrainLabelsParameters,
        ("table",),
        "pipelines.spikes.train_labels:train",
        many=True,
    ),
)
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}


def run(
    name: str,
    inputs: Inputs,
    parameters: Parameters | Mapping[str, Any],
    out: Path,
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> provenance.Run:
    """Run a task into the folder `out`, which appears whole or not at all.

    Args:
        name: a key of `TASKS`, such as "brainmap fit".
        inputs: a path for each of the task's inputs, and for optional ones that are given.
        parameters: a model, or values for it by name.
        out: the folder to make; `run.json` in it says what was done.
        overwrite: whether an existing folder may be replaced; one with a person's work, such as
            a curation, is kept beside it then.
        report: called with the share that is done and a sentence.

    Raises:
        NeuroboardError: the input, a parameter or the output cannot be used.
    """
    task = TASKS[name]
    doing.works_on(inputs.values())
    report = doing.noting(report)
    if not isinstance(parameters, Parameters):
        parameters = task.parameters.parse(parameters)
    elif not isinstance(parameters, task.parameters):
        raise ParameterError(f"{name} takes {task.parameters.__name__}.")
    _check_inputs(task, inputs)
    if overwrite:
        outputs.refuse_inputs(out, inputs.values())
        outputs.refuse_foreign(out)
    started, clock = provenance.now(), time.monotonic()
    with atomic_folder(out, overwrite=overwrite) as folder:
        report(0.0, "Reading the input")
        with Digesting(inputs, out) as digests:
            results = task.function(inputs, parameters, folder, report)
            records = digests.records(report)
            if changed := digests.notes():
                results["notes"] = [*changed, *results.get("notes", ())]
        if kept := outputs.kept_as(out):
            results["notes"] = [_kept_note(out, kept), *results.get("notes", ())]
        record = provenance.Run(
            pipeline=name,
            parameters=parameters.model_dump(mode="json"),
            inputs=records,
            seed=getattr(parameters, "seed", None),
            started=started,
            seconds=round(time.monotonic() - clock, 3),
            results=results,
            versions=provenance.versions(),
            machine=provenance.machine(),
        )
        record.write(folder)
    report(1.0, "Done")
    return record


def _kept_note(out: Path, kept: Path) -> str:
    return (
        f"The sorting that was in {out} before had been curated by hand: it is kept with its "
        f"curation as {kept}."
    )


def _check_inputs(task: Task, inputs: Inputs) -> None:
    for name in task.inputs:
        if name not in inputs:
            raise InputError(f"{task.name} needs an input named {name}.")
    for name, path in inputs.items():
        if not task.takes(name):
            raise InputError(f"{task.name} takes no input named {name}.")
        with reading(path, InputError, "check the path"):
            outputs.put_back(path)
            if not path.exists():
                raise InputError(f"{path} does not exist: check the path.")
            refuse_links_out(path)
