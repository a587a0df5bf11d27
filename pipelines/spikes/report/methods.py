"""What was done to a recording, in sentences: only what a run's parameters and results say."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.core.words import counted
from pipelines.report.methods import Said, listed, number, said
from pipelines.report.runs import ReportedRun
from pipelines.spikes.curation.methods import by_hand, by_labellers
from pipelines.spikes.sorters import OWN_BAND_HZ, SORTERS
from pipelines.spikes.units import metrics

Values = Mapping[str, Any]
PLACES: Mapping[str, str] = {
    "recorded": "Places of the channels were taken as the recording has them.",
    "apart": "Every channel was taken as a wire of its own.",
    "tetrodes": "Every four channels were taken as a tetrode.",
    "stereotrodes": "Every two channels were taken as a stereotrode.",
    "row": "Channels were taken as one straight row with a pitch of {pitch_um:g} µm.",
}
SIGNS: Mapping[str, str] = {"neg": "Negative peaks", "pos": "Positive peaks", "both": "Peaks"}


def sorted_units(run: ReportedRun) -> list[Said]:
    """What `spikes sort` did."""
    given, found = run.parameters, run.results
    names = [str(name) for name in found.get("sorters", {})]
    return [
        _recording(run),
        *_places(run),
        *_left_out(given, found),
        *_bands(given, names),
        *(_own_sorter(given) if "group" in names else []),
        *_other_sorters(given, [name for name in names if name != "group"]),
        *_taken_over(run),
        _outcome(given, found),
        *map(Said, metrics.sentences()),
    ]


def _recording(run: ReportedRun) -> Said:
    found = run.results
    facts = [
        counted(found["n_channels"], "channel") if "n_channels" in found else "",
        f"{number(found['sampling_frequency'])} Hz" if "sampling_frequency" in found else "",
        f"{number(found['duration_s'])} s" if "duration_s" in found else "",
    ]
    known = ", ".join(filter(None, facts))
    name = run.input_name("recording")
    text = f"The recording “{name}” ({known}) was read through SpikeInterface."
    return said(text if known else f"The recording “{name}” was read through SpikeInterface.",
                "buccino")  # fmt: skip


def _places(run: ReportedRun) -> Iterator[Said]:
    if run.has_input("probe"):
        yield Said(f"Places of the channels came from the probe file {run.input_name('probe')}.")
        return
    layout = str(run.parameters.get("layout"))
    if layout in PLACES:
        yield Said(PLACES[layout].format(pitch_um=run.parameters.get("pitch_um") or 0))


def _left_out(given: Values, found: Values) -> Iterator[Said]:
    if given.get("exclude_channels"):
        yield Said(f"Channels left out: {given['exclude_channels']}.")
    if given.get("end_s"):
        yield Said(f"Only the first {given['end_s']:g} s were sorted.")
    if found.get("bad_stretches"):
        count = counted(found["bad_stretches"], "stretch", "stretches")
        yield Said(f"{count} without signal, {found['bad_channel_s']:g} s of channels in all, "
                   "were left out.")  # fmt: skip


def _bands(given: Values, names: list[str]) -> Iterator[Said]:
    """The band of each sorter; none is named where a record tells of no filter."""
    own = [name for name in names if name in SORTERS and SORTERS[name].own_band]
    others = [name for name in names if name not in own]
    low, high = given.get("freq_min"), given.get("freq_max")
    if others and low and high:
        yield Said(
            f"The signal was filtered from {low:g} to {high:g} Hz with a zero-phase Butterworth "
            "band-pass."
        )
    if own:
        low, high = OWN_BAND_HZ
        yield Said(f"For {listed(own)} the signal was filtered from {low:g} to {high:g} Hz.")


def _own_sorter(given: Values) -> Iterator[Said]:
    near = given.get("group_radius_um")
    together = f"Channels nearer to each other than {near:g} µm" if near else "Channels"
    yield Said(f"{together} were sorted together by Neuroboard's group sorter.")
    if "detect_threshold" in given:
        window = given.get("noise_window_s")
        every = f", measured anew every {window:g} s" if window else ""
        yield said(
            f"{SIGNS.get(given.get('peak_sign', ''), 'Peaks')} above {given['detect_threshold']:g} "
            f"times the noise of the channel (scaled median absolute deviation{every}) were taken "
            f"as spikes, with a dead time of {given.get('dead_time_ms', 0):g} ms.",
            "quiroga",
        )
    if "n_components" in given:
        yield Said(
            f"Features were the first {given['n_components']} principal components of the aligned "
            f"waveforms over all channels of a group, from {given['feature_ms_before']:g} ms "
            f"before to {given['feature_ms_after']:g} ms after the peak."
        )
    clusterer = CLUSTERERS.get(str(given.get("clusterer")))
    if clusterer is not None:
        yield clusterer(given)


def _bgmm(given: Values) -> Said:
    most = given.get("n_clusters") or given.get("max_clusters")
    joined = "" if given.get("n_clusters") else (
        "; components without a dip between them were joined"
    )  # fmt: skip
    return said(
        "They were clustered with a Bayesian Gaussian mixture with a Dirichlet process prior of "
        f"at most {most} components{joined}.",
        "sklearn",
    )


def _gmm(given: Values) -> Said:
    if given.get("n_clusters"):
        text = f"They were clustered with a mixture of {given['n_clusters']} Gaussians."
        return said(text, "sklearn")
    return said(
        "They were clustered with a mixture of Gaussians, whose number was that of the lowest "
        f"Bayesian information criterion up to {given.get('max_clusters')}; components without a "
        "dip between them were joined.",
        "schwarz",
    )


CLUSTERERS: Mapping[str, Callable[[Values], Said]] = {
    "bgmm": _bgmm,
    "gmm": _gmm,
    "kmeans": lambda given: said(
        f"They were clustered with K-means into {given.get('n_clusters')} clusters.",
        "lloyd",
        "sklearn",
    ),
    "isosplit": lambda _given: said(
        "They were clustered with ISO-SPLIT, as SpikeInterface has it.", "magland"
    ),
    "hdbscan": lambda _given: said("They were clustered with HDBSCAN.", "campello", "sklearn"),
}
"""What each clusterer of the group sorter did, by its name."""


def _other_sorters(given: Values, names: list[str]) -> Iterator[Said]:
    if not names:
        return
    sorters = "sorter" if len(names) == 1 else "sorters"
    yield said(f"Units were found by SpikeInterface's {sorters} {listed(names)}.", "buccino")
    if given.get("split_merged"):
        yield Said(
            "The spikes of each unit were clustered again, and units with two clusters were taken "
            "apart."
        )


def _taken_over(run: ReportedRun) -> Iterator[Said]:
    if run.has_input("earlier"):
        yield Said("Groups of channels that an earlier run had sorted were taken over from it.")
    if run.has_input("sort_file"):
        yield Said(f"Decisions were replayed from {run.input_name('sort_file')}.")
    if run.parameters.get("choose"):
        yield Said(
            "The number of components was chosen by hand (group:components) for "
            f"{run.parameters['choose']}."
        )


def _outcome(given: Values, found: Values) -> Said:
    least = given.get("min_spikes")
    seed = f"; seed {given['seed']}" if "seed" in given else ""
    fewer = f"Clusters of fewer than {least} spikes were no units; this" if least else "This"
    failed = found.get("groups_failed", 0)
    lost = f", and {counted(failed, 'group')} of channels could not be sorted" if failed else ""
    units, spikes = counted(found.get("n_units", 0), "unit"), found.get("n_spikes", 0)
    return Said(f"{fewer} gave {units} with {spikes:,} spikes{lost}{seed}.")


def labelled(run: ReportedRun) -> list[Said]:
    """What labelled the units, and by which limits."""
    text = by_labellers("", run.folder)
    return [Said(text)] if text else []


def curated(run: ReportedRun) -> list[Said]:
    """What people did to the units."""
    found = run.results
    text = by_hand(found.get("steps") or {}, len(found.get("curators") or ()))
    counts = ", ".join(f"{n} {label}" for label, n in (found.get("labels") or {}).items())
    return [Said(text), *([Said(f"Kept were {counts}.")] if counts else [])]


def exported(run: ReportedRun) -> list[Said]:
    """What they were written as."""
    name = str(run.parameters.get("format", ""))
    if name == "phy":
        return [said("Units were exported for phy.", "rossant")]
    return [Said(f"Units were exported as {name}.")] if name else []


SENTENCES: Mapping[str, Callable[[ReportedRun], list[Said]]] = {
    "spikes sort": sorted_units,
    "spikes label": labelled,
    "spikes curate": curated,
    "spikes export": exported,
}
"""By the step."""
