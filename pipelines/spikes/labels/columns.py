"""The columns in which labels of units stand, in tables of ours and of others."""

from pipelines.spikes.labels.labellers import LABELLERS, by_trust

CURATED, CURATED_REASON = "label_curated", "reason_curated"
"""What a curator calls a unit, and why."""
SORT_FILE = "label_sort_file"
"""What the sort file that was replayed calls it."""
REASON = "reason"
"""Why each labeller does not call it good."""
WRITTEN = (
    *(detail for labeller in LABELLERS.values() for detail in labeller.details),
    *(
        column
        for labeller in LABELLERS.values()
        for column in labeller.columns
        if column not in labeller.details
    ),
    REASON,
)
"""What labelling adds to a table, in this order, and replaces when it is there already."""
TRUSTED = (CURATED, SORT_FILE, *(labeller.column for labeller in by_trust()))
"""The labels of a unit, the most trusted first."""
BY_HAND = ("label", CURATED, "majority_vote", "group", "KSLabel")
"""Where the labels of a person stand, in tables of this and other programs."""
