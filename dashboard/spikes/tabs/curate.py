"""The tab Curate of a recording: the queue on the left, the unit beside it, keys at the bottom."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.jobs.store import Job, JobState
from dashboard.kit import results
from dashboard.kit.desk import Answer, Draw, Panel, Slot, Tab, View, row
from dashboard.spikes.curation import page
from dashboard.workspaces import workspaces

MENDED = (
    "Proposals are being mended: of recordings whose cells are known, taking them all made the "
    "units worse, since spikes that overlap another cell's look like outliers. Look at the "
    "correlograms on the tab Units before you take one; every step can be undone."
)
EMPTY = (
    "A review puts the units on which the labellers differ first. You label them here with a key "
    "for each word, beside their waveforms, correlograms and the cloud of their spikes; merge and "
    "split them; and use the units as curated. Press Set up and then Review units."
)


def answer(view: View) -> Answer:
    """How many units there are to decide on."""
    found = results.headline(view.run)
    count, differ = found["n_units"], found["n_disagree"]
    word = "unit" if count == 1 else "units"
    return Answer(
        f"{count} {word} to curate, the labellers differ on {differ}.",
        "every step is saved at once; proposals are being mended",
    )


def fill(view: View) -> Mapping[str, str]:
    """The newest sorting, while nothing was reviewed."""
    if view.job is not None:
        return {}
    sorted_ = workspaces.jobs(view.workspace.id, "spikes sort")
    done = [job for job in sorted_ if job.state is JobState.DONE]
    return {"sorting": f"job:{done[0].id}"} if done else {}


def _parts(job: Job) -> dict[str, Any]:
    """The parts of the page of a review, which stand below each other there."""
    *first, others, log, agreement, use, help_ = page.view(job).children
    *stores, note, pad, middle = first
    queue, unit = middle.children
    return {
        "stores": stores,
        "note": note,
        "pad": pad,
        "queue": queue,
        "unit": unit,
        "others": others,
        "log": log,
        "agreement": agreement,
        "use": use,
        "help": help_,
    }


def _part(*names: str) -> Draw:
    """A panel of some parts of the page of a review."""

    def drawn(view: View) -> Component:
        found = _parts(view.run)
        return html.Div([found[name] for name in names], className="stack")

    return drawn


def proposals(view: View) -> Component:
    """What the review proposes, and that it is being mended."""
    return html.Div([html.P(MENDED, className="note"), _parts(view.run)["others"]])


def pad(view: View) -> Component:
    """Labels, keys and who presses them."""
    found: Mapping[str, Any] = _parts(view.run)
    return html.Div([*found["stores"], found["pad"], found["help"]], className="curate-bar")


TAB = Tab(
    word="curate",
    title="Curate",
    tasks=("spikes review",),
    arrange=row(
        Panel(name="queue", title="Queue", draw=_part("queue"), eager=True),
        Panel(name="curated-unit", title="Unit", draw=_part("note", "unit"), eager=True),
        Slot(
            Panel(name="proposals", title="Proposals", draw=proposals, eager=True),
            Panel(name="steps", title="Steps", draw=_part("log"), eager=True),
            Panel(name="agreement", title="Curators", draw=_part("agreement"), eager=True),
            Panel(name="use", title="Use", draw=_part("use"), eager=True),
        ),
        sizes=(26, 46, 28),
    ),
    answer=answer,
    fill=fill,
    foot=pad,
    empty=EMPTY,
)
