"""Models: what was trained here and what the lab keeps, side by side."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from dashboard.jobs.store import Job, JobState
from dashboard.kit import panel, results, shell
from dashboard.kit.aria import aria
from dashboard.server import people, posted, pressed
from dashboard.server.people import Role
from dashboard.server.services import services
from dashboard.synapses import new_rows
from pipelines.core.errors import NeuroboardError
from pipelines.core.result_files import read_object_if_sound
from pipelines.models import bundles, registry
from pipelines.models.registry import Entry

PAGE = {"module": "models", "path": "/models", "title": "Models – Neuroboard"}
TITLE = "Models"
LEAD = "Classifiers that were trained here and those that your lab keeps, with their scores."
TRAIN = ("synapses train", "spikes train-labels")
"""The tasks that make models."""
MOST_COMPARED = 4
COMMAND = "python -m pipelines models add"

Card = Mapping[str, Any]


def layout(compare: str = "", use: str = "", **_: str) -> Component:
    """The page.

    Args:
        compare: a reference, `job:ID` or `model:NAME`, to begin the comparison with.
        use: the one that new rows are predicted with at first; the newest if empty.
    """
    known = cards()
    chosen = [compare] if compare in known else []
    chosen += [reference for reference in known if reference not in chosen]
    return shell.page(
        TITLE,
        LEAD,
        *([new_rows.section(use if use in known else "")] if new_rows.newest_model() else []),
        html.Section(
            [
                html.H2("Registry"),
                *_to_convert(),
                html.P(id="models-status", role="status", className="chosen"),
                html.Div(registry_table(), id="models-registry"),
                html.P(
                    [
                        "The owner of this computer adds a model from a file or folder with ",
                        html.Code(f"{COMMAND} FILE_OR_DIR"),
                        ", and a classifier of units that is published on HuggingFace with ",
                        html.Code(f"{COMMAND} OWNER/MODEL"),
                        ", which fetches and checks it. The app itself fetches nothing.",
                    ],
                    className="hint",
                ),
            ],
            className="card",
        ),
        html.Section([html.H2("Trained here"), _trained_table()], className="card"),
        html.Section(_comparison(known, chosen[:2]), className="card"),
    )


def _to_convert() -> list[Component]:
    """What to do with models that an earlier version kept as pickles, if there are any."""
    settings = services().settings
    kept = [entry.folder for entry in _entries()]
    trained = [settings.jobs / job.id / "result" for job in _trained()]
    count = sum(map(bundles.keeps_pickle, [*kept, *trained]))
    if not count:
        return []
    are = "1 model is" if count == 1 else f"{count} models are"
    return [
        html.P(
            [
                f"{are} of an earlier version, which kept models as pickles, and those can run "
                "anything. They are not opened until the owner of this computer converts them "
                "once with ",
                html.Code(f"{bundles.CONVERT} {shlex.quote(str(settings.home))}"),
                "; predictions stay the same.",
            ],
            className="note",
        )
    ]


def _trained() -> list[Job]:
    return [job for job in services().store.latest(TRAIN) if job.state is JobState.DONE]


def cards() -> dict[str, Card]:
    """The card of every model that is here, by reference: the registry's, then the jobs'."""
    settings, found = services().settings, {}
    for entry in _entries():
        found[f"model:{entry.name}"] = _card(entry.folder)
    for job in _trained():
        found[f"job:{job.id}"] = _card(settings.jobs / job.id / "result")
    return found


def _entries() -> list[Entry]:
    try:
        return registry.entries(services().settings.registry)
    except NeuroboardError:
        return []


def _card(folder: Path) -> Card:
    """A card as it lies there, to be shown; before a model is used it is verified."""
    return read_object_if_sound(folder / bundles.CARD)


# -- the registry


def registry_table() -> Component:
    """The models of the registry with what can be done with each."""
    try:
        models = registry.entries(services().settings.registry)
    except NeuroboardError as error:
        return html.P(error.sentence, className="note")
    if not models:
        text = "No model is kept yet: train one and press Keep in registry on its result."
        return html.P(text, className="empty")
    return shell.table(
        ("Model", "Classifier", "Group", "Hold-out accuracy", "State", "Actions", "Added"),
        [_registry_row(entry) for entry in models],
    )


def _registry_row(entry: Entry) -> Component:
    card = _card(entry.folder)
    use: Any = entry.name
    if not entry.retired:
        synapses = f"/synapses?step=predict&model={entry.name}"
        units = f"/spikes?step=label&bundle=model:{entry.name}"
        use = dcc.Link(entry.name, href=units if entry.is_of_units else synapses)
    return html.Tr(
        [
            html.Th(use, scope="row"),
            html.Td(str(card.get("classifier", "–"))),
            html.Td(str(card.get("group", "–"))),
            html.Td(_accuracy(card)),
            html.Td("retired" if entry.retired else "in use"),
            html.Td(
                [*_new_rows(entry), _button("verify", entry), " ", _button(_toggle(entry), entry)]
            ),
            html.Td(entry.added[:10]),
        ]
    )


def _new_rows(entry: Entry) -> list[Any]:
    """The way to predictions with a model of synapses."""
    if entry.retired or entry.is_of_units:
        return []
    href = f"/models?use=model:{entry.name}"
    return [dcc.Link("New rows", href=href, title=f"New rows for {entry.name}"), " "]


def _toggle(entry: Entry) -> str:
    return "restore" if entry.retired else "retire"


def _button(action: str, entry: Entry) -> Any:
    return dmc.Button(
        action.capitalize(),
        id={"type": "model-action", "action": action, "name": entry.name},
        variant="default",
        size="compact-sm",
        **aria(label=f"{action.capitalize()} {entry.name}"),
    )


def act(clicks: Sequence[int | None], trigger: Mapping[str, str] | None) -> tuple[str, Any]:
    """Do what was pressed in the registry's table: what came of it, and the table anew."""
    if not trigger or not any(clicks):
        raise PreventUpdate
    try:
        people.require(Role.LOOK if trigger["action"] == "verify" else Role.OWN)
        action = ACTIONS[posted.offered(trigger["action"], ACTIONS)]
        text = action(services().settings.registry, trigger["name"])
    except NeuroboardError as error:
        text = error.sentence
    return text, registry_table()


def _verify(folder: Path, name: str) -> str:
    entry = registry.find(folder, name)
    problems = entry.problems()
    if problems:
        return f"{name} is not as it was added: {'; '.join(problems)}. It is not used."
    return f"{name} is as it was added: {len(entry.files)} files with the right sha256."


def _retire(folder: Path, name: str) -> str:
    registry.retire(folder, name)
    return f"{name} is retired: it is not offered for predictions. Its files stay."


def _restore(folder: Path, name: str) -> str:
    registry.restore(folder, name)
    return f"{name} is offered for predictions again."


ACTIONS: Mapping[str, Callable[[Path, str], str]] = {
    "verify": _verify,
    "retire": _retire,
    "restore": _restore,
}

# -- trained here


def _trained_table() -> Component:
    done = _trained()
    if not done:
        synapses = dcc.Link("of synapses", href="/synapses?step=train")
        units = dcc.Link("of units", href="/spikes?step=train")
        text = "Nothing was trained yet. Train a classifier "
        return html.P([text, synapses, " or ", units, "."], className="empty")
    rows = []
    for job in done:
        card = _card(results.folder(job.id))
        cells = [card.get("classifier", "–"), card.get("group", "–"), _accuracy(card)]
        link = dcc.Link(panel.short_label(job), href=f"/jobs/{job.id}")
        rows.append(html.Tr([html.Th(link, scope="row"), *[html.Td(str(cell)) for cell in cells]]))
    return shell.table(("Job", "Classifier", "Group", "Hold-out accuracy"), rows)


def _accuracy(card: Card) -> str:
    if "held_out" in card:
        return f"{card['held_out']['accuracy']:.3f}"
    if "holdout_accuracy" not in card:
        return "not known"
    low, high = card["holdout_accuracy_interval"]
    return f"{card['holdout_accuracy']:.3f} ({low:.3f} to {high:.3f})"


# -- side by side


def _comparison(known: Mapping[str, Card], chosen: Sequence[str]) -> list[Component]:
    if not known:
        return [html.H2("Side by side"), html.P("There is no model to compare.", className="empty")]
    return [
        html.H2("Side by side"),
        dmc.MultiSelect(
            id="models-compare",
            label="Models to compare",
            description=f"Up to {MOST_COMPARED}.",
            data=[{"value": reference, "label": _label(reference)} for reference in known],
            value=list(chosen),
            maxValues=MOST_COMPARED,
        ),
        html.Div(comparison(chosen), id="models-comparison"),
    ]


def _label(reference: str) -> str:
    kind, _, name = reference.partition(":")
    return f"{name} (registry)" if kind == "model" else f"job {name}"


def comparison(references: Sequence[str] | None) -> Component:
    """The cards of some models, a column each."""
    known = cards()
    chosen = [reference for reference in references or [] if reference in known]
    if not chosen:
        return html.P("Choose one or more models above.", className="empty")
    said = {
        title: [_said(figure, known[one]) for one in chosen] for title, figure in FIGURES.items()
    }
    rows = [
        html.Tr([html.Th(title, scope="row"), *map(html.Td, cells)])
        for title, cells in said.items()
        if set(cells) != {"–"}
    ]
    return shell.table(("", *map(_label, chosen)), rows)


def _said(figure: Callable[[Card], str], card: Card) -> str:
    """A figure of a card, or a dash where a card of another kind has none."""
    try:
        return figure(card)
    except (KeyError, TypeError, ValueError):
        return "–"


def _aurocs(card: Card) -> str:
    found = card["outlier_auroc"].items()
    return ", ".join(f"{kind.replace('_', ' ')} {value:.3f}" for kind, value in found)


def _f1(card: Card) -> str:
    if "held_out" in card:
        return f"{card['held_out']['macro_f1']:.3f}"
    low, high = card["holdout_macro_f1_interval"]
    return f"{card['holdout_macro_f1']:.3f} ({low:.3f} to {high:.3f})"


def _calibration(card: Card) -> str:
    found = card.get("held_out", {}).get("calibration_error", card.get("holdout_calibration_error"))
    return f"{float(found):.3f}"


def _sizes(card: Card) -> str:
    counts = card["n_per_class"]
    if not isinstance(counts, Mapping):
        counts = dict(zip(card["classes"], counts, strict=True))
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


FIGURES: Mapping[str, Callable[[Card], str]] = {
    "Kind": lambda card: card["kind"],
    "Classifier": lambda card: card["classifier"],
    "Group": lambda card: card["group"],
    "Features": lambda card: ", ".join(card.get("features") or card["metrics"]),
    "Hold-out accuracy (95 % interval)": _accuracy,
    "Macro F1 (95 % interval)": _f1,
    "Always the largest cluster": lambda card: f"{card['largest_class_share']:.3f}",
    "Calibration error": _calibration,
    "Outlier AUROC": _aurocs,
    "Classes": lambda card: ", ".join(map(str, card["classes"])),
    "Rows per class": _sizes,
    "Noise": lambda card: results.number(card["n_noise"]),
    "Neurons": lambda card: ", ".join(card["neurons"]),
    "Table, sha256": lambda card: card["training_data_sha256"][:16],
    "scikit-learn": lambda card: (
        card.get("made_with_scikit_learn") or card["versions"]["scikit-learn"]
    ),
}
"""What is compared, by its name."""


def register(app: Dash) -> None:
    """Connect the page."""
    app.callback(
        Output("models-status", "children"),
        Output("models-registry", "children"),
        Input({"type": "model-action", "action": ALL, "name": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )(lambda clicks: act(clicks, pressed.button()))
    app.callback(
        Output("models-comparison", "children"),
        Input("models-compare", "value"),
        prevent_initial_call=True,
    )(comparison)
