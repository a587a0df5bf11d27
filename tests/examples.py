"""The examples as finished workspaces of a running app, made through its list of jobs.

What needs a desk with results, a story or a picture, asks here for it: pressing through forms is
told once, by the stories about forms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.jobs.code_version import code_version
from dashboard.jobs.store import JobState
from dashboard.server import inputs
from dashboard.server.settings import Settings
from dashboard.workspaces.store import Workspaces
from pipelines.steps import STEPS
from tests.live import LiveApp


@dataclass(frozen=True)
class Desk:
    """A workspace of an app: the path of its page, and its jobs by the names of the runs."""

    path: str
    jobs: Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """A step of an example: its name here, its inputs, and the parameters that are not as usual.

    An input is a reference as the forms have it, or the name of a run before.
    """

    name: str
    task: str
    inputs: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict)


RECORDING, FILM, TABLE = (
    {"recording": "example:spikes"}, {"images": "example:brainmap"}, {"table": "example:synapses"}
)  # fmt: skip
SPIKES = (
    Run("sort", "spikes sort", RECORDING),
    Run("label", "spikes label", {"units": "sort"}, {"method": "all"}),
    Run("look", "spikes look", RECORDING),
    Run("review", "spikes review", {"sorting": "sort"}),
)
BRAINMAP = (
    Run("look", "brainmap look", FILM),
    Run("fit", "brainmap fit", FILM, {"k": [4, 8, 12]}),
    Run("correlate", "brainmap correlate", FILM),
    Run("series", "brainmap series", FILM),
    Run("export", "brainmap export", {"map": "fit"}),
)
SYNAPSES = (
    Run("check", "synapses check", TABLE),
    Run("fit", "synapses fit", TABLE),
    Run("train", "synapses train", {"fit": "fit"}),
    Run("predict", "synapses predict", {"bundle": "train", "table": "example:new-synapses"}),
)
# What is seen beside these only when it is asked for, made before them.
SECOND_SORTING = (
    Run("sort, louder", "spikes sort", RECORDING, {"detect_threshold": 8.0}),
    Run("export", "spikes export", {"sorting": "sort, louder"}, {"format": "csv"}),
)
SECOND_MAP = (
    Run("fit, one K", "brainmap fit", FILM, {"k": [8]}),
    Run("statistics", "brainmap statistics", FILM),
    Run("colorize", "brainmap colorize", {"map": "fit, one K"}),
)
SECOND_FIT = (Run("fit, gmm", "synapses fit", TABLE, {"labels": "gmm"}),)


def run(app: LiveApp, runs: Sequence[Run]) -> Desk:
    """Run steps one after another, and wait for them.

    Args:
        app: that runs, with its worker.
        runs: as above; they belong to one workspace.
    """
    jobs: dict[str, str] = {}
    for one in runs:
        given = {name: _reference(text, jobs) for name, text in one.inputs.items()}
        jobs[one.name] = submit(app, one.task, given, one.values)
    for job in jobs.values():
        app.wait_for_state(job, JobState.DONE)
    found = Workspaces(app.home / "jobs.sqlite").of(next(iter(jobs.values())))[0]
    return Desk(f"/{found.subject}/{found.id}", jobs)


def _reference(text: str, jobs: Mapping[str, str]) -> str:
    return f"job:{jobs[text]}" if text in jobs else text


def submit(
    app: LiveApp, task: str, references: Mapping[str, str], values: Mapping[str, Any]
) -> str:
    """Queue a step as the forms do, when the jobs that it reads are done; the id of its job."""
    settings, step = Settings(home=app.home, data=tuple(app.data)), STEPS[task]
    for reference in references.values():
        kind, _, job = reference.partition(":")
        if kind == "job":
            app.wait_for_state(job, JobState.DONE)
    named = [inputs.resolve(name, one, settings, app.store) for name, one in references.items()]
    parameters = step.parameters.parse(values).model_dump(mode="json")
    return app.store.submit(task, parameters, named, version=code_version(), quick=step.quick)
