"""Kinds of films by the name in the field, and how their series are made comparable.

A row sets the baseline and how many clusters are tried. The threshold of activity is suggested by
the first look at the film itself and so is in no row.
"""

from dashboard.kit.bench import Preset

PRESETS = (
    Preset(
        "Zebrafish light sheet",
        "Whole brain of a larva, volumes once or twice a second.",
        {
            "normalize": "percentile",
            "percentile": 20.0,
            "k": [5, 10, 15, 20, 30, 50, 100, 200],
        },
        "The baseline is the 20th percentile of each voxel, as in Thunder; a whole brain has many "
        "kinds of activity, so up to 200 clusters are tried.",
        source="Freeman et al. 2014, doi:10.1038/nmeth.3041; Thunder's baseline of percentile 20",
    ),
    Preset(
        "Two-photon",
        "One or a few planes of cortex with sparse cells.",
        {"normalize": "percentile", "percentile": 8.0, "k": [5, 10, 15, 20, 30, 50]},
        "Cells are silent most of the time, so the 8th percentile is their baseline.",
        source="Dombeck et al. 2007, doi:10.1016/j.neuron.2007.08.003: 8th percentile",
    ),
    Preset(
        "Widefield",
        "The whole dorsal cortex through one lens, without cells.",
        {"normalize": "mean", "percentile": 20.0, "k": [5, 10, 15, 20, 30]},
        "Light of many cells adds up and rises and falls around its mean, which is the baseline; "
        "areas are few, so few clusters are tried.",
        source="Couto et al. 2021, doi:10.1038/s41596-021-00527-z: F0 is the mean of all frames",
    ),
    Preset(
        "Already dF/F",
        "Series that another program has normalised.",
        {"normalize": "none", "percentile": 20.0, "k": [5, 10, 15, 20, 30, 50, 100, 200]},
        "A second baseline would change what was already divided by one.",
        source="(F - F0) / F0 has no baseline left to divide by",
    ),
)
MAIN = ("normalize", "percentile", "std_threshold", "k")
"""What differs most from one film to another."""
MAIN_LOOK = ("axes", "files", "channel", "planes")
"""What a file may not say of itself."""
