"""What a table is clustered for, by a name, and what suits that."""

from dashboard.kit.bench import Preset

PRESETS = (
    Preset(
        "Synapses of neurons",
        "Position along the dendrite and both areas count alike.",
        {},
        "The defaults: a map of 30 neighbours that packs its points tightly, as suits clustering.",
        source="UMAP's guide to clustering: n_neighbors=30, min_dist=0.0",
    ),
    Preset(
        "As published",
        "To compare with the published clusters of interneurons' synapses.",
        {"profile": "published"},
        "Features, weights, map and cluster sizes are those of the publication and replace the "
        "fields below.",
        source="Talapka et al., neuron-clustering-project (pipelines/synapses/profiles.py)",
    ),
    Preset(
        "Small groups",
        "Clusters of few synapses within larger ones.",
        {"umap_neighbors": 15, "min_cluster_size": 10},
        "Fewer neighbours show finer structure, UMAP's own default is 15; groups of 10 count.",
        source="UMAP's default n_neighbors=15",
    ),
    Preset(
        "Sizes only",
        "Whether synapses fall apart by their areas, wherever they are.",
        {"spatial_weight": 0.1, "area_weight": 1.0},
        "A tenth of its weight leaves position hardly a say: squared, it counts a hundredth.",
        source="distances add up as squares of weighted features",
    ),
)
MAIN = ("columns", "group", "labels", "min_cluster_size", "umap_neighbors")
"""What differs most from one table to another; columns only where some are not there."""
MAIN_CHECK = ("sheet", "header_row", "columns", "repair")
"""What a file may not say of itself."""
