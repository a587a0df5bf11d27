"""Verdicts that are known to be wrong today: why they are not shown, and when they come back."""

PROPOSALS = (
    "Proposals to merge, split or clean units are not shown: of recordings whose cells are known, "
    "taking them all made the units worse, since spikes that overlap another cell's look like "
    "outliers. They come back when they are mended."
)
EVIDENCE = (
    "No verdict in words is given on whether the clusters are real: it was wrong where the truth "
    "is known. It comes back when it is mended; the figures it was drawn from are shown."
)
NUMBER = (
    "Today's advice on the best K is often wrong and is not repeated here; it comes back when it "
    "is mended."
)
