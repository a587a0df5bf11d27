"""What a press costs while curating a large sorting: python -m benchmarks.curation_press.

A sorting of 300 units and 2 million spikes is made in a temporary folder, 150 pairs of its units
are merged, and then buttons are pressed as the page does it. Processor seconds, of the web process
only; nothing is computed by a worker.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dash import Dash

from dashboard import create_app
from dashboard.jobs.store import JobState
from dashboard.server import submission
from dashboard.server.services import services
from dashboard.server.settings import Settings
from dashboard.spikes.curation import desk as curating
from dashboard.spikes.curation.desk import Desk
from dashboard.spikes.curation.press import Pressed, perform
from pipelines import tasks
from pipelines.spikes import demo
from pipelines.spikes.curation.steps import CurationStep

RATE = 30_000
SEED = 0
GROWING = 30
"""Merges into one unit, the others are of pairs."""


def main() -> None:
    """Print a table of processor seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=300)
    parser.add_argument("--spikes", type=int, default=2_000_000)
    parser.add_argument("--merges", type=int, default=150)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sorting, review = folder / "sorting", folder / "review"
        make_sorting(sorting, asked.units, asked.spikes)
        make_review(review, asked.units)
        app = create_app(Settings(home=folder / "home", data=(folder,)))
        with app.server.app_context():
            job = finished_job(sorting, review)
            write_log(curating.desk(_job(job)), merges(asked.units, asked.merges))
            print(f"{asked.units} units, {asked.spikes:,} spikes, {asked.merges} merges")
            report(app, job, asked.repeat)


def report(app: Dash, job: str, repeat: int) -> None:
    """Time presses, first as far as the step is saved, then with the whole answer of the server."""
    first = _seconds(lambda: _press(job, "good"), 1)
    print("| press | step saved (CPU s) | answered (CPU s) |\n|---|---|---|")
    print(f"| good, the first one after the app started | {first:.3f} | |")
    for what in ("good", "undo", "redo", "merge", "next"):
        saved = _seconds(lambda what=what: _press(job, what), repeat)  # type: ignore[misc]
        answered = _seconds(lambda what=what: _post(app, job, what), repeat)  # type: ignore[misc]
        print(f"| {what} | {saved:.3f} | {answered:.3f} |")
    print(f"| 20 times undo | {_seconds(lambda: _presses(job, 'undo', 20), 1):.3f} | |")


def make_sorting(folder: Path, n_units: int, n_spikes: int) -> None:
    """A sorting's folder with units of very different rates, on four channels."""
    made = folder.parent / "demo"
    made.mkdir()
    demo.make(made, seed=SEED)
    tasks.run("spikes sort", {"recording": made / "recording"}, {}, folder)
    rng = np.random.default_rng(SEED)
    share = rng.lognormal(0, 0.7, n_units)
    unit_id = rng.choice(n_units, n_spikes, p=share / share.sum()).astype(np.int32)
    unit_id[:n_units] = np.arange(n_units)
    length = n_spikes * RATE // 500
    samples = np.sort(rng.choice(length, n_spikes, replace=False)).astype(np.int64)
    heights = rng.normal(-80, 10, n_spikes).astype(np.float32)
    np.savez(folder / "spikes.npz", sample_index=samples, unit_id=unit_id, amplitude_uv=heights)
    _many_units(folder, n_units, np.bincount(unit_id, minlength=n_units))
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["results"] |= {
        "n_units": n_units,
        "n_spikes": n_spikes,
        "n_samples": length,
        "duration_s": length / RATE,
        "segments": [
            {
                "start_s": 0.0,
                "length_s": length / RATE,
                "first_sample": 0,
                "n_samples": length,
                "rate_hz": float(RATE),
            }
        ],
    }
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    shutil.rmtree(folder / "analyzer.zarr", ignore_errors=True)


def _many_units(folder: Path, n_units: int, counts: np.ndarray) -> None:
    """The demo's units again and again, under numbers of their own."""
    units = pd.read_csv(folder / "units.csv", dtype=str, keep_default_na=False)
    rows = np.arange(n_units) % len(units)
    many = units.iloc[rows].assign(unit_id=np.arange(n_units), n_spikes=counts)
    many.to_csv(folder / "units.csv", index=False)
    with np.load(folder / "waveforms.npz") as stored:
        waves = dict(stored)
    repeated = {name: waves[name][rows] for name in ("mean", "sd")}
    numbers = {"unit_id": np.arange(n_units, dtype=np.int32)} if "unit_id" in waves else {}
    np.savez(folder / "waveforms.npz", **{**waves, **repeated, **numbers})


def make_review(folder: Path, n_units: int) -> None:
    """What a review of such a sorting might say, without its labellers having run."""
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    units = np.arange(n_units)
    words = rng.choice(["good", "mua", "noise"], (3, n_units))
    queue = pd.DataFrame({"unit_id": units})
    for name, said in zip(("thresholds", "bombcell", "unitrefine"), words, strict=True):
        queue[f"label_{name}"] = said
    queue["reason"] = "Too few spikes."
    queue["disagree"] = (words[1] != words[2]).astype(int)
    queue["probability"] = rng.uniform(0.4, 1, n_units).round(3)
    queue.to_csv(folder / "queue.csv", index=False)
    pairs = [(one, (one + step) % n_units, 0.9) for one in units for step in range(1, 6)]
    table = pd.DataFrame(pairs, columns=["unit_id", "other", "cosine"])
    table.to_csv(folder / "similar.csv", index=False)
    proposals = [
        {
            "kind": "merge",
            "units": [one, one + 1],
            "evidence": f"Waveforms of units {one} and {one + 1} are alike.",
            "score": 0.9,
            "spikes": [],
        }
        for one in range(0, n_units - 1, 2)
    ]
    (folder / "proposals.json").write_text(json.dumps(proposals), encoding="utf-8")
    labels = queue[["unit_id", "label_thresholds", "label_bombcell", "label_unitrefine", "reason"]]
    labels.to_csv(folder / "labels.csv", index=False)
    results = {"n_units": n_units, "n_disagree": 0, "proposals": {}, "note": "", "notes": []}
    record = {"pipeline": "spikes review", "parameters": {}, "inputs": [], "results": results}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


def merges(n_units: int, count: int) -> list[CurationStep]:
    """Merges of units that are there: a few into one unit that grows, the others of pairs."""
    rng = np.random.default_rng(SEED)
    there, growing = list(range(n_units)), 0
    steps: list[CurationStep] = []
    for new in range(n_units, n_units + count):
        one = growing if len(steps) < GROWING else int(rng.choice(there))
        two = int(rng.choice([unit for unit in there if unit != one]))
        there = [unit for unit in there if unit not in (one, two)] + [new]
        steps.append(CurationStep("merge", "ada", (one, two), made=(new,)))
        growing = new
    return steps


def write_log(desk: Desk, steps: Sequence[CurationStep]) -> None:
    """Steps as they were taken on an earlier day."""
    log = desk.log
    log.file.parent.mkdir(parents=True, exist_ok=True)
    for step in steps:
        log.append(step)


def finished_job(sorting: Path, review: Path) -> str:
    """Both jobs, finished by hand."""
    found = services()
    kept = submission.submit("spikes sort", {"recording": "example:spikes"}, {})
    _finish(kept, sorting)
    job = submission.submit("spikes review", {"sorting": f"job:{kept}"}, {})
    _finish(job, review)
    assert found.store.get(job) is not None
    return job


def _finish(job: str, result: Path) -> None:
    found = services()
    (found.settings.jobs / job).mkdir(parents=True)
    (found.settings.jobs / job / "result").symlink_to(result)
    found.store.claim(quick_only=False)
    found.store.finish(job, JobState.DONE)


def _job(job: str) -> Any:
    return services().store.get(job)


def _press(job: str, what: str) -> None:
    desk = curating.desk(_job(job))
    units = sorted(desk.state().units)
    other = units[1] if what == "merge" else None
    turn = perform(desk, Pressed({"type": "curate-do", "what": what}, units[0], "ada", other=other))
    assert turn.message == "", turn.message


def _presses(job: str, what: str, times: int) -> None:
    for _ in range(times):
        _press(job, what)


def _post(app: Dash, job: str, what: str) -> None:
    """The request that a browser makes when a button is pressed."""
    units = sorted(curating.desk(_job(job)).state().units)
    values = {
        "curate-show": "all",
        "curate-shown": "all",
        "curate-blind": False,
        "curate-unit": units[0],
        "curate-name": "ada",
        "curate-reason": "",
        "curate-other": units[1],
        "panel-job": job,
    }
    button = {"type": "curate-do", "what": what}
    name = next(name for name, one in app.callback_map.items() if _is_of(one, "curate-do"))
    callback = app.callback_map[name]
    outputs = [
        {"id": one.component_id, "property": one.component_property} for one in callback["output"]
    ]
    body = {
        "output": name,
        "outputs": outputs,
        "inputs": [_entry(one, values, button) for one in callback["inputs"]],
        "state": [_entry(one, values, button) for one in callback["state"]],
        "changedPropIds": [json.dumps(button, separators=(",", ":")) + ".n_clicks"],
    }
    answer = app.server.test_client().post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    assert '"curate-message":{"children":""}' in answer.text, answer.text[:400]


def _is_of(callback: Mapping[str, Any], kind: str) -> bool:
    return any(kind in one["id"] for one in callback["inputs"])


def _entry(spec: Mapping[str, Any], values: Mapping[str, Any], button: Mapping[str, str]) -> Any:
    if not spec["id"].startswith("{"):
        return {"id": spec["id"], "property": spec["property"], "value": values.get(spec["id"])}
    if "curate-do" not in spec["id"]:
        return []
    return [{"id": button, "property": spec["property"], "value": 1}]


def _seconds(action: Callable[[], None], repeat: int) -> float:
    """The median of processor seconds, also of threads."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


if __name__ == "__main__":
    main()
