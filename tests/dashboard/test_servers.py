"""`app:server` runs under a WSGI server that was not made for it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.live import LiveApp, wait_for


def test_app_server_answers_under_waitress_s_own_command(tmp_path: Path) -> None:
    app = LiveApp(tmp_path / "home", [])
    app.process = subprocess.Popen(
        [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{app.port}", "app:server"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "NEUROBOARD_HOME": str(app.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: (app.get("/health") or {}).get("status") == "ok", "the worker")
    finally:
        app.stop()
