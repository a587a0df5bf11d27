"""Visitors that hold the server: idle, half a request, reading or sending a byte at a time.

While each kind is there, another visitor opens a page again and again; it must not wait.

Run with `python -m benchmarks.slow_visitors`.
"""

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from tests.earlier import HOLDS, unpack
from tests.live import LiveApp

LARGE_MB = 60
TRIES = 40
SECONDS_EACH = 20.0
JOB = next(job for job, (_, state) in HOLDS["jobs"].items() if state == "done")
Visit = Callable[[LiveApp, ExitStack], None]


def main() -> None:
    """Print a row for each kind of visitor."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = unpack(Path(scratch), "home") / "home"
        large = home / "jobs" / JOB / "result" / "large.bin"
        large.write_bytes(bytes(LARGE_MB * 1_000_000))
        app = LiveApp(home, [])
        app.start()
        try:
            print("| who is there | a page: median (ms) | slowest (ms) | memory (MB) |")
            print("| --- | --- | --- | --- |")
            for name, count, visit in KINDS:
                measure(app, name, count, visit)
        finally:
            app.stop()


def measure(app: LiveApp, name: str, count: int, visit: Visit) -> None:
    """Let so many visitors of a kind come, and time what another one waits for a page."""
    with ExitStack() as held:
        for _ in range(count):
            visit(app, held)
        time.sleep(1.0)
        waited = [_page(app) for _ in _for_a_while()]
        memory = _memory_mb(app)
    median, slowest = (1000 * f(waited) for f in (np.median, np.max))
    print(f"| {count} {name} | {median:.0f} | {slowest:.0f} | {memory:.0f} |", flush=True)


def _for_a_while() -> Iterator[None]:
    for _ in range(TRIES):
        yield
        time.sleep(SECONDS_EACH / TRIES)


def _page(app: LiveApp) -> float:
    start = time.monotonic()
    with _connected(app) as line:
        line.settimeout(120)
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        while line.recv(65536):
            pass
    return time.monotonic() - start


def _memory_mb(app: LiveApp) -> float:
    assert app.process is not None
    status = Path(f"/proc/{app.process.pid}/status")
    if not status.exists():
        return float("nan")
    return next(int(line.split()[1]) for line in status.open() if line.startswith("VmRSS")) / 1000


def _connected(app: LiveApp) -> socket.socket:
    return socket.create_connection(("127.0.0.1", app.port), timeout=10)


def nobody(_app: LiveApp, _held: ExitStack) -> None:
    """For comparison."""


def idle(app: LiveApp, held: ExitStack) -> None:
    """One answer, then a connection that is kept."""
    line = held.enter_context(_connected(app))
    line.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    line.recv(65536)


def half(app: LiveApp, held: ExitStack) -> None:
    """Half of the headers."""
    line = held.enter_context(_connected(app))
    line.sendall(b"POST /uploads/table/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")


def slow_reader(app: LiveApp, held: ExitStack) -> None:
    """A large file at 1 kB/s."""
    _read_slowly(app, held, f"/jobs/{JOB}/files/large.bin")


def slow_zip_reader(app: LiveApp, held: ExitStack) -> None:
    """The zip of a result, made for each, at 1 kB/s."""
    _read_slowly(app, held, f"/jobs/{JOB}/everything.zip")


def _read_slowly(app: LiveApp, held: ExitStack, path: str) -> None:
    line = held.enter_context(_connected(app))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    _each_second(held, lambda: line.recv(1000))


def slow_sender(app: LiveApp, held: ExitStack) -> None:
    """A table at 10 bytes a second."""
    line = held.enter_context(_connected(app))
    head = f"PUT /uploads/table/{'0' * 32}/a.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    line.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode())
    _each_second(held, lambda: line.sendall(b"1,2,3,4,5\n"))


def _each_second(held: ExitStack, do: Callable[[], object]) -> None:
    over = threading.Event()

    def run() -> None:
        while not over.wait(1.0):
            try:
                do()
            except OSError:
                return

    threading.Thread(target=run, daemon=True).start()
    held.callback(over.set)


KINDS: tuple[tuple[str, int, Visit], ...] = (
    ("visitors", 0, nobody),
    ("idle connections", 130, idle),
    ("half-sent requests", 120, half),
    (f"readers of a file of {LARGE_MB} MB at 1 kB/s", 60, slow_reader),
    ("readers of a zip at 1 kB/s", 20, slow_zip_reader),
    ("senders of a table at 10 B/s", 60, slow_sender),
)


if __name__ == "__main__":
    main()
