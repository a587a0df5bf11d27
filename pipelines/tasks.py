"""The table of everything that can be run, and the one way to run it.

A task is a function `function(inputs, parameters, folder, report) -> results`:
it reads the input paths, writes its files into an empty folder and returns the
headline figures. The command line, the dashboard's jobs and scripts all come
through `run`, so they all leave the same folder with the same `run.json`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pipelines import provenance
from pipelines.brainmap.parameters import BrainmapParameters
from pipelines.errors import InputError, ParameterError
from pipelines.outputs import atomic_folder
from pipelines.parameters import Parameters
from pipelines.progress import Report, silent
from pipelines.spikes.parameters import SpikesParameters
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
    """One thing that can be run. The function is imported only when it is needed."""

    name: str
    parameters: type[Parameters]
    inputs: tuple[str, ...]
    location: str

    @property
    def function(self) -> Function:
        """What runs the task."""
        module, _, name = self.location.partition(":")
        function: Function = getattr(import_module(module), name)
        return function


_ALL = (
    Task("brainmap fit", BrainmapParameters, ("images",), "pipelines.brainmap.fit:fit"),
    Task("synapses check", CheckParameters, ("table",), "pipelines.synapses.fit:check"),
    Task("synapses fit", FitParameters, ("table",), "pipelines.synapses.fit:fit"),
    Task("synapses train", TrainParameters, ("fit",), "pipelines.synapses.classify:train"),
    Task(
        "synapses predict",
        PredictParameters,
        ("bundle", "table"),
        "pipelines.synapses.predict:predict",
    ),
    Task("spikes sort", SpikesParameters, ("recording",), "pipelines.spikes.sort:sort"),
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
        inputs: a path for each of the task's inputs.
        parameters: a model, or values for it by name.
        out: the folder to make; `run.json` in it says what was done.
        overwrite: whether an existing folder may be replaced.
        report: called with the share that is done and a sentence.

    Raises:
        NeuroboardError: the input, a parameter or the output cannot be used.
    """
    task = TASKS[name]
    if not isinstance(parameters, Parameters):
        parameters = task.parameters.parse(parameters)
    elif not isinstance(parameters, task.parameters):
        raise ParameterError(f"{name} takes {task.parameters.__name__}.")
    _check_inputs(task, inputs)
    started, clock = provenance.now(), time.monotonic()
    with atomic_folder(out, overwrite=overwrite) as folder:
        report(0.0, "Reading the input")
        records = provenance.describe_inputs(inputs)
        results = task.function(inputs, parameters, folder, report)
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


def _check_inputs(task: Task, inputs: Inputs) -> None:
    for name in task.inputs:
        if name not in inputs:
            raise InputError(f"{task.name} needs an input named {name}.")
        if not inputs[name].exists():
            raise InputError(f"{inputs[name]} does not exist: check the path.")
