"""Whether this code gives the same bits as that of another commit.

`python -m tests.same_results --commit 342df63` runs every command of the pipelines twice on
simulated data, once with the code of that commit and once with this, and compares all files that
they leave; its exit code says whether one differs. `--write FILE` keeps the digests of one run and
`--against FILE` compares with them, on the same machine: another processor may round otherwise.
`--only spikes` runs one group.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).resolve().parent.parent
WORK = Path(tempfile.gettempdir()) / "neuroboard-same-results"
"""Always the same, for some files say where others lie."""
TOLD_BY_TIME = re.compile(r"started|seconds|created|time|size|bytes|.*sha256|digest|folder_version")
"""Times, and digests and sizes of files that hold times; the files themselves are compared. The
version of a folder came after 342df63."""
SORTED = "--set sorter=group --set detect_threshold=4"
COMMANDS = {
    "spikes": (
        "demo spikes s --seed 3",
        f"spikes sort s/recording --out units {SORTED}",
        "spikes sort s/recording --out gmm --set clusterer=gmm --set n_clusters=3 --sorter group",
        "spikes look s/recording --out looked",
        "spikes label units --method all",
        "spikes label units --method bombcell --out labels.csv",
        "spikes review units --out review",
        "spikes step units merge --units 1,2 --author me",
        "spikes step units label --units 3 --label good --author me",
        "spikes step units label --units 4 --label mua --author me",
        "spikes step units undo --author me",
        "spikes curate units --out curated",
        "spikes review units --out review-again --curation units/curation.jsonl",
        "spikes agreement curated/units.csv labels.csv --label-column label_bombcell --out agreed",
        "spikes training-table curated --out training.csv",
        "spikes batch s/recording --out many --sorter group",
        *(
            f"spikes export {sorting} --format {kind} --out {sorting}-{kind}"
            for sorting in ("units", "curated")
            for kind in ("phy", "nwb", "curation-json", "blech-hdf5", "csv", "zarr")
        ),
    ),
    "brainmap": (
        "demo brainmap b --seed 3",
        "brainmap look b/images --out looked-at",
        "brainmap fit b/images --out map --set k=3,5,8",
        "brainmap fit b/images --out mixture --set model=gmm --set k=3,5",
        "brainmap series b/images zscore --out zscored.npy",
        "brainmap series b/images localcorr --out localcorr.npy",
        "brainmap correlate b/images --out correlated --set voxel=0,10,10",
        "brainmap statistics b/images --out statistics",
        "brainmap colorize map --out colored",
        "brainmap export map --out exported --format tiff,png,svg,csv",
    ),
    "synapses": (
        "demo synapses y --seed 3",
        "synapses check y/synapses.xlsx --out check.csv",
        "synapses fit y/synapses.xlsx --out fit",
        "synapses fit y/synapses.xlsx --out gmm-fit --set labels=gmm --set evidence=none",
        "synapses train fit --out bundle --set classifier=random-forest",
        "synapses train fit --out knn --set classifier=knn",
        "synapses train fit --out boosted --set classifier=xgboost",
        "synapses predict bundle y/new_synapses.xlsx --out predicted.csv",
        "synapses predict boosted y/new_synapses.xlsx --out predicted-boosted.csv",
    ),
}


def run_all(code: Path, work: Path, groups: Sequence[str]) -> dict[str, str]:
    """Run the commands with the code of a checkout; a digest of each file they leave.

    A command that fails leaves its exit code and its last line on standard error instead.
    """
    found = {}
    for group in groups:
        for line in COMMANDS[group]:
            print(f"  {line}", flush=True)
            done = subprocess.run(
                [sys.executable, "-m", "pipelines", *line.split(), "--quiet"],
                cwd=work,
                env={**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                said = done.stderr.strip().splitlines()[-1:]
                found[f"$ {line}"] = f"exit {done.returncode}: {' '.join(said)}"
    return found | {
        file.relative_to(work).as_posix(): digest(file)
        for file in sorted(work.rglob("*"))
        if file.is_file()
    }


def digest(file: Path) -> str:
    """The sha256 of a file's content without what tells the time."""
    total = hashlib.sha256()
    for part in _parts(file):
        total.update(part)
    return total.hexdigest()


def _parts(file: Path) -> Iterator[bytes]:
    if file.suffix in (".json", ".jsonl"):
        lines = file.read_text(encoding="utf-8")
        texts = lines.splitlines() if file.suffix == ".jsonl" else [lines]
        yield from (json.dumps(_timeless(json.loads(text))).encode() for text in texts)
    elif file.suffix in (".npz", ".skops", ".zip", ".xlsx") and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for name in sorted(set(archive.namelist()) - {"docProps/core.xml"}):
                yield name.encode() + archive.read(name)
    elif file.suffix == ".csv" and b",seconds" in file.read_bytes()[:2000]:
        with file.open(encoding="utf-8", newline="") as text:
            yield from (json.dumps(_timeless(row)).encode() for row in csv.DictReader(text))
    elif file.suffix in (".nwb", ".hdf5", ".h5"):
        yield from _arrays(file)
    else:
        yield file.read_bytes()


def _arrays(file: Path) -> Iterator[bytes]:
    """The datasets of an HDF5 file; its own bytes hold ids and times of their making."""
    import h5py
    import numpy as np

    with h5py.File(file) as opened:
        found: list[h5py.Dataset] = []
        opened.visititems(
            lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None
        )
        for item in sorted(found, key=lambda one: str(one.name)):
            timed = any(word in str(item.name) for word in ("file_create_date", "specifications"))
            if not timed and item.dtype.kind != "O":
                yield str(item.name).encode() + np.asarray(item[()]).tobytes()


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if not TOLD_BY_TIME.fullmatch(str(name))}
        return {name: _timeless(item) for name, item in sorted(kept.items())}
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    return "a sha256" if re.fullmatch("[0-9a-f]{64}", str(value)) else value


def of_commit(commit: str, groups: Sequence[str]) -> dict[str, str]:
    """The digests with the code of another commit, from a worktree that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        git = ["git", "-C", str(REPOSITORY), "worktree"]
        subprocess.run([*git, "add", "--detach", str(code), commit], check=True)
        try:
            return in_empty_folder(code, groups)
        finally:
            subprocess.run([*git, "remove", "--force", str(code)], check=True)


def in_empty_folder(code: Path, groups: Sequence[str]) -> dict[str, str]:
    """The digests with the code of a checkout."""
    with FileLock(f"{WORK}.lock"):
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir()
        try:
            return run_all(code, WORK, groups)
        finally:
            shutil.rmtree(WORK)


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is missing, new or of other content."""
    return [
        f"{name}: {before.get(name, 'was not there')[:90]} -> {after.get(name, 'is missing')[:90]}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def main() -> int:
    """Run, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--only", choices=list(COMMANDS))
    asked = parser.parse_args()
    groups = [asked.only] if asked.only else list(COMMANDS)
    before = None
    if asked.commit:
        before = of_commit(asked.commit, groups)
    elif asked.against:
        kept = json.loads(asked.against.read_text())
        before = {name: found for group in groups for name, found in kept[group].items()}
    if asked.write:
        kept = {group: in_empty_folder(REPOSITORY, [group]) for group in groups}
        asked.write.write_text(json.dumps(kept, indent=1))
        return 0
    after = {
        name: found
        for group in groups
        for name, found in in_empty_folder(REPOSITORY, [group]).items()
    }
    wrong = differences(before or {}, after)
    print("\n".join([*wrong, f"{len(after)} files, {len(wrong)} differ."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
