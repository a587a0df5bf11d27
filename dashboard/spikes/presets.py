"""What a recording may have been made with, by the name in the field, and what suits its sorting.

A row sets only what follows from the electrode: where its channels are, and so which sorter takes
them, and for wires the threshold of who introduced it. Add a row for another electrode.
"""

from dashboard.kit.bench import Preset

PRESETS = (
    Preset(
        "Tetrode",
        "Four wires twisted together; every four channels are one tetrode.",
        {"layout": "tetrodes", "pitch_um": 25.0, "sorter": "group"},
        "All four wires see the same cells, so each tetrode is sorted as one group.",
        source="Gray et al. 1995, doi:10.1016/0165-0270(95)00085-2",
    ),
    Preset(
        "Stereotrode",
        "Pairs of wires; every two channels are one.",
        {"layout": "stereotrodes", "pitch_um": 25.0, "sorter": "group"},
        "Both wires see the same cells, so each pair is sorted as one group.",
        source="McNaughton et al. 1983, doi:10.1016/0165-0270(83)90097-3",
    ),
    Preset(
        "Single wires",
        "Wires too far apart to see the same cell.",
        {"layout": "apart", "sorter": "group", "detect_threshold": 4.0},
        "Each channel is sorted alone; 4 times the noise is the threshold published for wires.",
        source="Quiroga et al. 2004, doi:10.1162/089976604774201631: Thr = 4 sigma",
    ),
    Preset(
        "Utah array",
        "A square of needles 400 µm apart.",
        {"layout": "apart", "sorter": "group"},
        "No two needles see the same cell, so each channel is sorted alone.",
        source="Maynard et al. 1997, doi:10.1016/S0013-4694(97)95176-0: pitch 400 um",
    ),
    Preset(
        "Linear probe",
        "One row of contacts whose file does not say where they are.",
        {"layout": "row", "pitch_um": 25.0, "sorter": "auto"},
        "Contacts are taken as a straight row; put in the pitch of your probe if it is not 25 µm.",
        source="pitch of the rows on common 32-channel silicon probes, 20 to 50 um",
    ),
    Preset(
        "Neuropixels 1.0",
        "384 of 960 sites on one shank, rows 20 µm apart.",
        {"layout": "recorded", "sorter": "tridesclous2"},
        "SpikeGLX and Open Ephys say where the sites are; a cell is seen on many of them, which "
        "templates take apart.",
        source="Jun et al. 2017, doi:10.1038/nature24636: sites, 20 um",
    ),
    Preset(
        "Neuropixels 2.0",
        "384 sites on one or four shanks, rows 15 µm apart.",
        {"layout": "recorded", "sorter": "tridesclous2", "group_radius_um": 60.0},
        "Shanks are 250 µm apart and so are sorted one by one; templates take cells apart that "
        "many sites see.",
        source="Steinmetz et al. 2021, doi:10.1126/science.abf4588: 15 um, shanks 250 um apart",
    ),
)
MAIN = ("layout", "sorter", "detect_threshold", "freq_min", "freq_max")
"""What differs most from one recording to another."""
MAIN_LOOK = ("gain_uv", "sampling_frequency", "num_channels", "dtype", "layout")
"""What a file may not say of itself."""
