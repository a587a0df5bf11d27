"""A finished job leaves as files, and its script repeats it with `pipelines` alone."""

import io
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import tifffile

from dashboard.jobs.store import JobState
from tests.dashboard.test_worker import submit
from tests.live import LiveApp

REPOSITORY = Path(__file__).resolve().parents[2]


def download(live: LiveApp, path: str) -> bytes:
    with urllib.request.urlopen(live.url + path, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def finished(live: LiveApp) -> str:
    job_id = submit(live, "small.npy", seed=11)
    live.wait_for_state(job_id, JobState.DONE)
    return job_id


def test_the_zip_holds_result_record_log_and_script(live: LiveApp) -> None:
    job_id = finished(live)
    names = zipfile.ZipFile(io.BytesIO(download(live, f"/jobs/{job_id}/everything.zip"))).namelist()
    wanted = {"result/run.json", "result/labels.tif", "log.txt", f"repeat_{job_id}.py"}
    assert wanted <= {name.removeprefix(f"{job_id}/") for name in names}


def test_the_script_gives_the_same_labels(live: LiveApp, tmp_path: Path) -> None:
    job_id = finished(live)
    script = tmp_path / "repeat.py"
    script.write_bytes(download(live, f"/jobs/{job_id}/repeat.py"))
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "again")],
        env={"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        check=True,
    )
    again = tifffile.imread(tmp_path / "again" / job_id / "labels.tif")
    first = tifffile.imread(live.home / "jobs" / job_id / "result" / "labels.tif")
    assert (again == first).all()


def test_a_changed_input_is_noticed_by_the_script(live: LiveApp, tmp_path: Path) -> None:
    job_id = finished(live)
    text = download(live, f"/jobs/{job_id}/repeat.py").decode()
    digest = text.split("same('")[1].split("'")[2]
    script = tmp_path / "repeat.py"
    script.write_text(text.replace(digest, "0" * 64), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        env={"PYTHONPATH": str(REPOSITORY)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "sha256 differs" in done.stderr


@pytest.mark.parametrize("way", ["../log.txt", "%2e%2e/log.txt", "..%2flog.txt"])
def test_files_outside_the_result_are_not_served(live: LiveApp, way: str) -> None:
    address = f"/jobs/{finished(live)}/files/{way}"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        download(live, address)
