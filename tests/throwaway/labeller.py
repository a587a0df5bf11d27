"""A pytest plugin that adds one labeller: its function and its row, and nothing else.

It is loaded before anything else imports `LABELLERS`, as if the row stood in that file.
"""

import numpy as np

from pipelines.spikes.labels import labellers
from pipelines.spikes.labels.labeller import Asked, Labeller, Section
from pipelines.spikes.labels.thresholds import GOOD, NOISE, Rule, Verdict

LEAST_UV = 120.0


def by_loudness(asked: Asked) -> Verdict:
    """Loud units are good."""
    (rule,) = asked.rules["loud"]
    heights = asked.table.column(rule.metric)
    soft = rule.broken(heights)
    reasons = tuple(
        rule.complaint(float(height)) if failed else ""
        for height, failed in zip(heights, soft, strict=True)
    )
    labels = np.where(soft, NOISE, GOOD)
    columns = {"probability_loud": np.where(soft, 0.25, 0.75)}
    return Verdict(labels, reasons, (rule.metric,), (), columns)


ROW = Labeller(
    name="loud",
    title="Loudness",
    heading="loudness",
    called="the loudness of units",
    about="how loud a unit is",
    citation="their loudness (Nobody 1999): {limits}",
    run=by_loudness,
    relabel=by_loudness,
    sections=(
        Section(
            "loud",
            "Loudness",
            "Loudness: a soft unit is noise",
            (Rule("amplitude_median", LEAST_UV),),
        ),
    ),
    probability="probability_loud",
    coarse="Loudness knows only good and noise.",
)
labellers.LABELLERS = {**labellers.LABELLERS, ROW.name: ROW}
