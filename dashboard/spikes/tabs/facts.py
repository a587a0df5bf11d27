"""How a recording was read, in a short table."""

from collections.abc import Mapping
from typing import Any

from dashboard.jobs.store import Job
from dashboard.kit import results
from pipelines.spikes.recording.timeline import Timeline

MOST_SPANS = 4
PLACES = {"recorded": "as recorded; far apart where the recording says nothing"}


def facts(found: Mapping[str, Any], job: Job) -> dict[str, str]:
    """Names and values.

    Args:
        found: headline figures of a look, or what a `Glimpse` found.
        job: the look, for its inputs and parameters.
    """
    read_as = found.get("read_as", {})
    low, high = read_as.get("gain_uv", (0.0, 0.0))
    gain = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    probe = any(item.name == "probe" for item in job.inputs)
    layout = str(job.parameters.get("layout", "recorded"))
    places = "from the probe file" if probe else PLACES.get(layout, f"as {layout}, as you said")
    return {
        "Format": str(read_as.get("format", "")),
        "Channels": f"{found['n_channels']:,}",
        "Rate": f"{found['sampling_frequency']:,g} Hz",
        "Length": f"{found['duration_s']:,.2f} s ({found['n_samples']:,} samples)",
        "Segments": _segments(results.timeline(found)),
        "Samples": str(read_as.get("sample_type", "")),
        "Gain": f"{gain} µV per step" if high else "",
        "Unit": "µV",
        "Places of channels": places,
    }


def _segments(timeline: Timeline) -> str:
    spans = [f"{one.start_s:,.2f} to {one.stop_s:,.2f} s" for one in timeline.segments]
    more = f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else ""
    count = "1, " if len(spans) == 1 else f"{len(spans)}: "
    return count + ", ".join(spans[:MOST_SPANS]) + more
