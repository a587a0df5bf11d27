"""`app:server` runs under a WSGI server that was not made for it."""

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
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


def test_idle_connections_and_half_sent_requests_keep_nobody_waiting(tmp_path: Path) -> None:
    """waitress as it comes serves 100 connections and gave the next one nothing for two minutes."""
    app = LiveApp(tmp_path / "home", [])
    app.start()
    try:
        with ExitStack() as held:
            for number in range(260):
                one = socket.create_connection(("127.0.0.1", app.port), timeout=10)
                held.enter_context(one)
                if number % 2:
                    one.sendall(b"POST /uploads/table/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
                else:
                    one.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                    assert one.recv(65536).startswith(b"HTTP/1.1 ")
            waited = []
            for _ in range(5):
                start = time.monotonic()
                assert app.get("/health") is not None
                waited.append(time.monotonic() - start)
            assert sorted(waited)[2] < 1.0  # the median: others may need the machine too
    finally:
        app.stop()
