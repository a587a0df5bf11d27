"""What callbacks of one app share: its settings and its store of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Flask, current_app

from dashboard.home import usage
from dashboard.jobs.store import JobInput, Store
from dashboard.kit.bench import StepPage
from dashboard.kit.desk import Subject
from dashboard.server import offered, people
from dashboard.server.people import Role
from dashboard.server.settings import Settings
from pipelines.core.errors import ParameterError

KEY = "neuroboard"


class AttendedStore(Store):
    """The store as the person of the current request may use it.

    Here and nowhere else it is decided who may start, stop and delete jobs.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.home / "jobs.sqlite")
        self._settings = settings

    def submit(
        self,
        task: str,
        parameters: Mapping[str, Any],
        inputs: Sequence[JobInput],
        *,
        version: str,
        quick: bool = False,
        author: str = "",
        workspace: str = "",
    ) -> str:
        """Queue a job in the person's name.

        Raises:
            InputError: the workspace in which it is asked for is not here any more.
            NotAllowedError: the person may only look.
            OutputError: the home folder is full.
            ParameterError: an engine that the owner of the server does not offer.
        """
        person = people.require(Role.WORK)
        _require_engine(parameters, self._settings)
        usage.require_room(self._settings)
        return super().submit(
            task,
            parameters,
            inputs,
            version=version,
            quick=quick,
            author=author or person.name,
            workspace=workspace,
        )

    def restart(self, job_id: str) -> None:
        """Queue a job once more, as `submit` does.

        Raises:
            InputError: an input is of a kind that no form offers for it.
            NotAllowedError: the person may only look.
            OutputError: the home folder is full.
            ParameterError: an engine that the owner of the server does not offer any more.
        """
        people.require(Role.WORK)
        job = self.get(job_id)
        if job is not None:
            offered.require_job(job, self)
            _require_engine(job.parameters, self._settings)
        usage.require_room(self._settings)
        super().restart(job_id)

    def cancel(self, job_id: str) -> None:
        """Stop a job: anyone who may start one may stop one.

        Raises:
            NotAllowedError: the person may only look.
        """
        people.require(Role.WORK)
        super().cancel(job_id)

    def delete(self, job_id: str) -> None:
        """Forget a job.

        Raises:
            NotAllowedError: the person does not own the server.
        """
        people.require(Role.OWN)
        super().delete(job_id)


def _require_engine(parameters: Mapping[str, Any], settings: Settings) -> None:
    """Nobody makes the server connect to an address of their own."""
    engine, offered = parameters.get("engine", "local"), ("local", *settings.engines)
    if engine not in offered:
        raise ParameterError(
            f"This server does not offer the engine {engine}: choose {', '.join(offered)}, or ask "
            "its owner to add it to NEUROBOARD_ENGINES."
        )


@dataclass(frozen=True)
class Services:
    """The settings, the store and the steps' pages of the app that is handling the request."""

    settings: Settings
    store: Store
    repaired: str = ""
    """What was done to the list of jobs when the app started; empty if nothing."""
    pages: Mapping[str, StepPage] = field(default_factory=dict)
    """The page of each step, by the step's name."""
    subjects: Mapping[str, Subject] = field(default_factory=dict)
    """The kinds of workspaces, by the word that their addresses begin with."""


def install(
    server: Flask,
    settings: Settings,
    repaired: str,
    pages: Mapping[str, StepPage],
    subjects: Mapping[str, Subject],
) -> Services:
    """Give an app its services."""
    found = Services(settings, AttendedStore(settings), repaired, pages, subjects)
    server.extensions[KEY] = found
    return found


def services() -> Services:
    """The services of the current app."""
    return cast(Services, current_app.extensions[KEY])


def edit_link(task: str, job_id: str) -> str:
    """The page where a job's form can be changed and run again."""
    return services().pages[task].edit_link(job_id)
