"""Start Neuroboard: `python app.py`. For gunicorn or waitress: `app:server`."""

import argparse
import atexit
import select
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from dashboard import create_app
from dashboard.jobs.launcher import Launcher
from dashboard.server import door
from dashboard.server.people import MAY, Role
from dashboard.server.security import access_tokens, asks_for_token
from dashboard.server.settings import Settings, absolute
from pipelines.core.errors import NeuroboardError, OutputError
from pipelines.core.terminal import say

THREADS = 8
CONNECTIONS = 500
"""Open at once; a browser keeps up to six. Windows waits for no more than 512 sockets."""
FILES = 2048
"""Open files that are asked for, as macOS begins with 256."""
QUIET_SECONDS, LOOK_EVERY_SECONDS = 30, 5
"""A connection on which nothing moves for so long is closed; browsers open another when needed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the app, run the worker and open the browser."""
    try:
        options = _parse(arguments)
        settings = _settings(options)
        listener = _listen(settings)
        application = create_app(settings).server
    except NeuroboardError as error:
        say(error.sentence, sys.stderr)
        return error.exit_code
    launcher = Launcher(settings)
    launcher.start()
    address = _address(settings)
    say(f"Neuroboard is at {address}  (Ctrl+C stops it; data: {settings.home})")
    for line in _other_addresses(settings):
        say(line)
    if not options.no_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    try:
        _serve(application, listener, settings)
    finally:
        launcher.stop()
    return 0


def __getattr__(name: str) -> Any:
    """`app:server` for gunicorn and waitress; made when asked for, not when imported."""
    if name == "server":
        return _application()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _application() -> Any:
    """The WSGI application with its worker; settings come from the environment."""
    settings = Settings.from_environment()
    application = create_app(settings).server
    launcher = Launcher(settings)
    launcher.start()
    atexit.register(launcher.stop)
    return application


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python app.py", description="Start Neuroboard.")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8050)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument("--home", type=Path, help="folder for jobs, uploads and examples")
    parser.add_argument(
        "--data", action="append", help="folder with recordings and images; repeat for more"
    )
    return parser.parse_args(arguments)


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings.from_environment()
    if options.home:
        settings = replace(settings, home=options.home.expanduser().absolute())
    if options.data:
        settings = replace(settings, data=absolute(options.data))
    if options.host:
        settings = replace(settings, host=options.host)
    return replace(settings, port=options.port) if options.port is not None else settings


def _listen(settings: Settings) -> socket.socket:
    """A socket bound to the address, so that a port in use is noticed before anything starts."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        raise OutputError(
            f"{settings.host}:{settings.port} cannot be used ({error}): "
            "another program may have it; choose another with --port."
        ) from None
    return listener


def _address(settings: Settings, role: Role = Role.WORK) -> str:
    """Where a person with a role finds the app, with their token where one is asked for."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    if not asks_for_token(settings):
        return address
    token = next(token for token, given in access_tokens(settings).items() if given is role)
    return f"{address}/?token={token}"


def _other_addresses(settings: Settings) -> list[str]:
    """What the owner and those who only look are told to open."""
    if not asks_for_token(settings):
        return []
    return [f"  to {MAY[role]}: {_address(settings, role)}" for role in (Role.OWN, Role.LOOK)]


def _connections() -> int:
    """How many connections the system's limit of open files leaves room for."""
    if sys.platform == "win32":
        return CONNECTIONS
    import resource  # there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft // 2)


def _serve(application: Any, listener: socket.socket, settings: Settings) -> None:
    door.serve(
        application,
        listener,
        settings,
        threads=THREADS,
        connection_limit=_connections(),
        channel_timeout=QUIET_SECONDS,
        cleanup_interval=LOOK_EVERY_SECONDS,
        asyncore_use_poll=hasattr(select, "poll"),
        ident=None,
        max_request_body_size=settings.upload_limit_mb * 1_000_000,
        clear_untrusted_proxy_headers=True,
    )


if __name__ == "__main__":
    sys.exit(main())
