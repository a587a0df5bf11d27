"""Verdicts that are known to be wrong today: why they are not shown, and when they come back."""

PROPOSALS = (
    "Proposals to merge or split units are not shown: of recordings whose cells are known, taking "
    "all of an earlier version made the units worse. They are made in another way now, and come "
    "back when that has been tried on probes of 128 channels, too."
)
EVIDENCE = (
    "No verdict in words is given on whether the clusters are real: it was wrong where the truth "
    "is known. It comes back when it is mended; the figures it was drawn from are shown."
)
NUMBER = (
    "Today's advice on the best K is often wrong and is not repeated here; it comes back when it "
    "is mended."
)
