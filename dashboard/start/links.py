"""Where a job is seen: on the desk of its workspace, for links of earlier versions too."""

from flask import Flask, Response, redirect, request

from dashboard.kit import workbench
from dashboard.kit.desk import Subject, Tab
from dashboard.server.services import services
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import ROOTS


def of_job(job_id: str) -> str:
    """The desk on which a job is seen, at its tab; empty if it belongs to none that shows it."""
    job = services().store.get(job_id)
    if job is None:
        return ""
    for found in workspaces.of(job_id):
        tab = _tab(services().subjects[found.subject], job.task)
        if tab is not None:
            return found.at(tab.word, **workbench.seen_as(job_id))
    return ""


def _tab(subject: Subject, task: str) -> Tab | None:
    """The tab that shows the results of a step, that whose own step it is before others."""
    shown = [tab for tab in subject.tabs if task in tab.tasks]
    return min(shown, key=lambda tab: tab.tasks[0] != task, default=None)


def install(server: Flask) -> None:
    """Lead addresses of earlier versions, such as `/spikes?job=ID`, to the desk."""
    server.before_request(_onward)


def _onward() -> Response | None:
    """Addresses with further words, such as `?step=sort&job=ID`, show the form."""
    subject = request.path.strip("/")
    if request.method != "GET" or subject not in ROOTS or set(request.args) != {"job"}:
        return None
    address = of_job(request.args["job"])
    return redirect(address) if address.startswith(f"/{subject}/") else None  # type: ignore[return-value]
