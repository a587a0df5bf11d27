"""What is a row of a list is found everywhere when it stands in that one place."""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def test_a_labeller_of_units_is_one_row() -> None:
    words = ["-p", "tests.throwaway.labeller", "tests/throwaway/labeller_checks.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]


def test_a_clusterer_of_voxels_or_of_synapses_is_one_row(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.throwaway.clusterers", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    found = json.loads(done.stdout)
    assert found["k"] == 3  # where its own criterion is lowest
    assert found["sizes"] == 3
    assert len(found["thirds"]) == 3
    assert max(found["thirds"]) - min(found["thirds"]) <= 1
    assert not found["sweep"]  # it knows no densities
    for place in ("forms", "help", "captions", "docs"):
        assert found[place] == [True, True], place
