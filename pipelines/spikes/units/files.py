"""The names of the files in a sorting's folder; `folder` says what they hold, and opens them."""

UNITS, GROUPS, SORT_FILE = "units.csv", "groups.csv", "sort_file.csv"
BAD_SAMPLES = "bad_samples.csv"
SPIKES, WAVEFORMS, SNIPPETS, CLOUDS = "spikes.npz", "waveforms.npz", "snippets.npz", "clouds.npz"
RECORDED, SOURCE, LOCATED = "recorded.json", "source.json", "located.json"
ANALYZER, REPORT = "analyzer.zarr", "report.html"
