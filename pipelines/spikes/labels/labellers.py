"""The labellers of units. To add one: a function `Asked -> Verdict`, and a row here."""

from collections.abc import Mapping

from pipelines.spikes.labels import bombcell, thresholds
from pipelines.spikes.labels.bombcell import BombcellRules
from pipelines.spikes.labels.labeller import Asked, Labeller, Section, elsewhere
from pipelines.spikes.labels.thresholds import Verdict

_BOMBCELL = BombcellRules()


def _by_thresholds(asked: Asked) -> Verdict:
    rules = asked.rules["thresholds"]
    if asked.written:
        thresholds.require(asked.table, rules)
    return thresholds.label(asked.table, rules)


def _by_bombcell(asked: Asked) -> Verdict:
    rules = BombcellRules.of(asked.rules)
    return bombcell.label(asked.table, rules, split_non_somatic=asked.split_non_somatic)


_ROWS = (
    Labeller(
        name="thresholds",
        title="Thresholds",
        heading="thresholds",
        called="thresholds",
        about="limits on any metric",
        citation="limits on quality metrics (SpikeInterface, Buccino et al. 2020, "
        "doi:10.7554/eLife.61834): {limits}",
        run=_by_thresholds,
        relabel=_by_thresholds,
        sections=(
            Section(
                "thresholds",
                "Thresholds",
                "Thresholds: a unit that breaks one is noise",
                thresholds.DEFAULT_RULES,
            ),
        ),
        coarse="Thresholds know only good and noise.",
    ),
    Labeller(
        name="bombcell",
        title="Bombcell",
        heading="Bombcell",
        called="Bombcell's rules",
        about="Bombcell's rules",
        citation="the rules of Bombcell (Fabre et al. 2023, doi:10.5281/zenodo.8172821)",
        run=_by_bombcell,
        relabel=_by_bombcell,
        sections=(
            Section(
                "noise",
                "Bombcell, noise",
                "Bombcell, noise: a unit that breaks one is noise",
                _BOMBCELL.noise,
            ),
            Section(
                "mua",
                "Bombcell, mua",
                "Bombcell, multi-unit: of the others, a unit that breaks one is mua",
                _BOMBCELL.mua,
            ),
            Section(
                "non-somatic",
                "Bombcell, non-somatic",
                "Bombcell, axons: shapes that are no soma's",
                _BOMBCELL.non_somatic,
                dragged=False,
                shown_with="split_non_somatic",
            ),
        ),
        remark="l_ratio has none by default: at Bombcell's 0.3 it alone rejects three of four "
        "units that curators call good. A unit without a value breaks thresholds and noise rules; "
        "among the multi-unit rules only sliding_rp_violation.",
    ),
    Labeller(
        name="unitrefine",
        title="Classifier (UnitRefine)",
        heading="classifier",
        called="a classifier that learnt from curators",
        about="a classifier that learnt from hand-curated units, noise or neural first, then "
        "single or multi",
        citation="a classifier that learnt from curators (cascade of UnitRefine, Jain et al. "
        "2025, doi:10.1101/2025.03.30.645770)",
        run=elsewhere("pipelines.spikes.classifier.unit_classifier:by_classifier"),
        details=("probability_neural", "probability_single"),
        probability="probability_unitrefine",
        absent="Not in the table, filled in with typical values, so probabilities say less",
        loss="On mice that it never saw, the classifier that comes with the app has a macro F1 "
        "of 0.77 with all 28 metrics, 0.77 without the four that a sorting made here lacks "
        "(exp_decay, spread and velocities), and 0.71 without twelve.",
    ),
)
LABELLERS: Mapping[str, Labeller] = {labeller.name: labeller for labeller in _ROWS}
"""By name, in the order in which they run and stand in tables; the last is trusted most."""


def by_trust() -> tuple[Labeller, ...]:
    """The labellers, the most trusted first."""
    return tuple(LABELLERS.values())[::-1]


def all_called() -> str:
    """All labellers, at the beginning of a sentence."""
    called = [labeller.called for labeller in LABELLERS.values()]
    text = f"{', '.join(called[:-1])} and {called[-1]}"
    return text[0].upper() + text[1:]
