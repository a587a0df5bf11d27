"""What was done so far: the log of steps, what is saved, and how far the curation is."""

from dash import html
from dash.development.base_component import Component

from dashboard.kit import results
from dashboard.kit.aria import aria
from dashboard.spikes.curation.desk import Desk
from dashboard.spikes.curation.proposals import units_in_words
from pipelines.spikes.curation.steps import CurationState, CurationStep

MOST_STEPS = 40


def log(state: CurationState) -> Component:
    """The last steps that count, newest first."""
    if not state.done:
        return html.P("Nothing was done yet.", className="empty")
    heads = ("when (UTC)", "who", "what", "why")
    rows = [
        html.Tr([html.Td(cell) for cell in (step.time[:19], step.author, words(step), step.reason)])
        for step in reversed(state.done[-MOST_STEPS:])
    ]
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in heads]))
    return html.Div(
        html.Table([head, html.Tbody(rows)]), className="scroll tall", tabIndex="0",
        role="region", **aria(label="Steps of this curation"),
    )  # fmt: skip


def words(step: CurationStep) -> str:
    """A step in words."""
    units = units_in_words(step.units) if step.units else ""
    made = " and ".join(map(str, step.made))
    taken = sum(map(len, step.spikes))
    texts = {
        "label": f"{units}: {step.label or 'label taken away'}",
        "merge": f"merged {units} into {made}",
        "split": f"split {units} into {made}",
        "remove": f"removed {taken:,} spikes from {units}",
        "restore": f"gave {units} its spikes back",
    }
    return texts[step.action]


def saved(desk: Desk, state: CurationState) -> str:
    """Where the work is, in words."""
    if not state.done:
        return "Nothing to save yet; every step is saved at once."
    last = state.done[-1]
    steps = f"{len(state.done)} {'step' if len(state.done) == 1 else 'steps'}"
    return f"All saved: {steps}, the last at {last.time[11:19]} UTC by {last.author}."


def heads(desk: Desk, state: CurationState) -> Component:
    """How far the curation is."""
    counts = dict.fromkeys(("good", "mua", "noise"), 0)
    for unit in state.units & state.labels.keys():
        counts[state.labels[unit]] += 1
    left = len(state.units) - sum(counts.values())
    return results.stats(
        {"Units": str(len(state.units)), "Unlabelled": str(left)}
        | {name: str(count) for name, count in counts.items()}
    )
