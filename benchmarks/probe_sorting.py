"""The folder of a sorting of a probe, simulated, for what is measured and tested of large ones."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.spikes.units.folder import VERSION, SortingFolder
from pipelines.spikes.units.sorting import SingleWaveforms, Spikes, Waveforms

RATE = 30_000
SEED = 0
MS = np.arange(-30, 45) / 30
REACH_UM = 90.0
"""Farther away the mean waveform of a unit was not looked at."""


def make_sorting(folder: Path, units: int = 130, channels: int = 384, seconds: int = 600) -> None:
    """The folder of a sorting: units along a probe, each with a rate and a size of its own.

    Args:
        folder: is made.
        units: how many.
        channels: of the probe, in four staggered columns as on a Neuropixels 1.0.
        seconds: of the recording, which itself is not there.
    """
    folder.mkdir(parents=True)
    kept, rng = SortingFolder(folder), np.random.default_rng(SEED)
    places = probe(channels)
    home = places[rng.choice(channels, units, replace=units > channels)] + rng.normal(
        0, 6, (units, 2)
    )
    mean = shapes(home, places, rng)
    peaks = np.nan_to_num(np.abs(mean).max(axis=1), nan=-1.0)
    largest = np.argsort(-peaks, axis=1)[:, :8].astype(np.int32)
    trains = [train(rng.lognormal(1.2, 0.8), seconds, rng) for _ in range(units)]
    size = peaks.max(axis=1)
    kept.write_units(_table(trains, largest[:, 0], size, seconds))
    kept.write_spikes(_spikes(trains, size, rng))
    names = np.array([f"AP{n}" for n in range(channels)])
    numbers = np.arange(units, dtype=np.int32)
    sd = np.where(np.isfinite(mean), 8.0, np.nan).astype(np.float32)
    kept.write_waveforms(Waveforms(mean, sd, numbers, MS, names, places))
    kept.write_snippets(_singles(mean, largest, rng))
    _write_record(folder, units, sum(map(len, trains)), channels, seconds)


def probe(channels: int) -> NDArray[np.float64]:
    """Places of channels in µm, shape (channel, 2)."""
    number = np.arange(channels)
    x = np.array([16.0, 48.0, 0.0, 32.0])[number % 4]
    return np.stack([x, number // 2 * 20.0], axis=1)


def shapes(
    home: NDArray[np.float64], places: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Mean waveforms of cells at some places, shape (unit, sample, channel)."""
    found = np.full((len(home), len(MS), len(places)), np.nan, np.float32)
    for number, place in enumerate(home):
        far = np.linalg.norm(places - place, axis=1)
        near = far < REACH_UM
        width = rng.uniform(0.15, 0.35)
        shape = -np.exp(-((MS / width) ** 2)) + 0.4 * np.exp(-(((MS - 0.6) / width / 1.6) ** 2))
        found[number][:, near] = rng.uniform(50, 300) * shape[:, None] * np.exp(-far[near] / 30)
    return found


def train(rate_hz: float, seconds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """A Poisson train with a refractory period, in samples."""
    gaps = rng.exponential(1 / rate_hz, int(rate_hz * seconds * 1.2) + 20) + 0.003
    times = np.cumsum(gaps)
    return (times[times < seconds - 0.1] * RATE).astype(np.int64)


def _table(
    trains: Sequence[NDArray[np.int64]], channel: NDArray[np.int32], size: Any, seconds: int
) -> pd.DataFrame:
    count = np.array(list(map(len, trains)))
    rng = np.random.default_rng(SEED)
    return pd.DataFrame(
        {
            "unit_id": np.arange(len(trains)),
            "channel": [f"AP{one}" for one in channel],
            "n_spikes": count,
            "firing_rate_hz": (count / seconds).round(4),
            "snr": (size / 8).round(3),
            "rp_contamination": rng.uniform(0, 0.4, len(trains)).round(4),
            "presence_ratio": 1.0,
            "amplitude_uv": size.round(2),
            "isi_violations_ratio": rng.uniform(0, 0.5, len(trains)).round(4),
            "group": 0,
            "cluster": np.arange(len(trains)),
        }
    )


def _spikes(trains: Sequence[NDArray[np.int64]], size: Any, rng: np.random.Generator) -> Spikes:
    samples = np.concatenate(trains)
    unit = np.repeat(np.arange(len(trains)), list(map(len, trains))).astype(np.int32)
    order = np.argsort(samples, kind="stable")
    drift = 1 + 0.15 * np.sin(samples / samples.max() * 4)
    heights = (size[unit] * drift + rng.normal(0, 8, len(unit))).astype(np.float32)
    return Spikes(samples[order], unit[order], heights[order])


def _singles(
    mean: NDArray[np.float32], largest: NDArray[np.int32], rng: np.random.Generator
) -> SingleWaveforms:
    rows = np.arange(len(mean))[:, None]
    own = mean[rows, :, largest].transpose(0, 2, 1)
    values = own[:, None] + rng.normal(0, 8, (len(mean), 60, *own.shape[1:]))
    channel = np.where(np.isfinite(own).all(axis=1), largest, -1).astype(np.int32)
    return SingleWaveforms(values.astype(np.float16), channel)


def _write_record(folder: Path, units: int, spikes: int, channels: int, seconds: int) -> None:
    results = {
        "n_units": units,
        "n_spikes": spikes,
        "groups_failed": 0,
        "duration_s": float(seconds),
        "n_samples": seconds * RATE,
        "n_channels": channels,
        "sampling_frequency": float(RATE),
        "sorters": {"tridesclous2": 1},
        "notes": [],
    }
    item = {"name": "recording", "path": str(folder / "none.dat"), "sha256": "", "size": 1}
    record = {
        "pipeline": "spikes sort",
        "parameters": {"sorter": "tridesclous2", "freq_min": 300.0, "freq_max": 6000.0, "seed": 0},
        "inputs": [item],
        "results": results,
        "started": "2026-01-01T00:00:00+00:00",
        "folder_version": VERSION,
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    groups = pd.DataFrame(
        {"group": [0], "channels": ["all"], "sorter": ["tridesclous2"], "state": ["done"],
         "n_spikes": [spikes], "n_units": [units], "reason": [""]}
    )  # fmt: skip
    SortingFolder(folder).write_groups(groups)
