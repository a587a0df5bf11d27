"""The one way to run a step.

The command line, the dashboard's jobs and scripts all come through `run`, so they all leave the
same folder with the same `run.json`.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.core import outputs, provenance
from pipelines.core.digesting import Digesting
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.outputs import atomic_folder
from pipelines.core.parameters import Parameters
from pipelines.core.progress import Report, silent
from pipelines.files.links import refuse_links_out
from pipelines.files.reading import reading
from pipelines.processes import doing
from pipelines.step import Inputs, Step
from pipelines.steps import STEPS


def run(
    name: str,
    inputs: Inputs,
    parameters: Parameters | Mapping[str, Any],
    out: Path,
    *,
    overwrite: bool = False,
    report: Report = silent,
) -> provenance.Run:
    """Run a step into the folder `out`, which appears whole or not at all.

    Args:
        name: a key of `STEPS`, such as "brainmap fit".
        inputs: a path for each of the step's inputs, and for optional ones that are given.
        parameters: a model, or values for it by name.
        out: the folder to make; `run.json` in it says what was done.
        overwrite: whether an existing folder may be replaced; one with a person's work, such as
            a curation, is kept beside it then.
        report: called with the share that is done and a sentence.

    Raises:
        NeuroboardError: the input, a parameter or the output cannot be used.
    """
    step = STEPS[name]
    doing.works_on(inputs.values())
    report = doing.noting(report)
    parameters = _parsed(step, parameters)
    _check_inputs(step, inputs)
    if overwrite:
        outputs.refuse_inputs(out, inputs.values())
        outputs.refuse_foreign(out)
    started, clock = provenance.now(), time.monotonic()
    with atomic_folder(out, overwrite=overwrite) as folder:
        report(0.0, "Reading the input")
        with Digesting(inputs, out) as digests:
            results = step.function(inputs, parameters, folder, report)
            records = digests.records(report)
            _note_first(results, digests.notes())
        _note_first(results, _kept_notes(out))
        record = _record(name, parameters, records, results, started, time.monotonic() - clock)
        record.write(folder)
    report(1.0, "Done")
    return record


def _record(
    name: str,
    parameters: Parameters,
    inputs: list[provenance.InputRecord],
    results: dict[str, Any],
    started: str,
    seconds: float,
) -> provenance.Run:
    """What was done, for `run.json`."""
    folder_version = results.pop("folder_version", 1)
    return provenance.Run(
        pipeline=name,
        parameters=parameters.model_dump(mode="json"),
        inputs=inputs,
        seed=getattr(parameters, "seed", None),
        started=started,
        seconds=round(seconds, 3),
        results=results,
        versions=provenance.versions(),
        machine=provenance.machine(),
        folder_version=folder_version,
    )


def _parsed(step: Step, parameters: Parameters | Mapping[str, Any]) -> Parameters:
    """The step's own model, checked.

    Raises:
        ParameterError: a value cannot be used, or the model is another step's.
    """
    if not isinstance(parameters, Parameters):
        return step.parameters.parse(parameters)
    if not isinstance(parameters, step.parameters):
        raise ParameterError(f"{step.name} takes {step.parameters.__name__}.")
    return parameters


def _note_first(results: dict[str, Any], notes: Sequence[str]) -> None:
    """Put sentences before the notes of a result, if there are any."""
    if notes:
        results["notes"] = [*notes, *results.get("notes", ())]


def _kept_notes(out: Path) -> list[str]:
    """Where what was in the folder before is kept, if it is."""
    kept = outputs.kept_as(out)
    if not kept:
        return []
    return [
        f"The sorting that was in {out} before had been curated by hand: it is kept with its "
        f"curation as {kept}."
    ]


def _check_inputs(step: Step, inputs: Inputs) -> None:
    for name in step.needed:
        if name not in inputs:
            raise InputError(f"{step.name} needs an input named {name}.")
    for name, path in inputs.items():
        if step.input(name) is None:
            raise InputError(f"{step.name} takes no input named {name}.")
        with reading(path, InputError, "check the path"):
            outputs.put_back(path)
            if not path.exists():
                raise InputError(f"{path} does not exist: check the path.")
            refuse_links_out(path)
