"""What is a row of a list is found everywhere when it stands in that one place."""

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
