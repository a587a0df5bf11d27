"""What is decided at the headers of a request, before its body is taken.

waitress reads a body whole before it calls the app, so a stranger could fill the disk with what is
then refused. Here whoever may not send a body is answered as soon as the headers are there.
"""

import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import waitress
from flask import Request
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.security import BODY_LIMIT, access_tokens, asks_for_token
from dashboard.server.settings import MB, Settings
from dashboard.server.uploads import KINDS

Refuse = Callable[[HTTPRequestParser, str], Error | None]


class _UnknownError(Error):  # type: ignore[misc]
    code, reason = 401, "Unauthorized"


class _NotAllowedError(Error):  # type: ignore[misc]
    code, reason = 403, "Forbidden"


class _LengthError(Error):  # type: ignore[misc]
    code, reason = 411, "Length Required"


class _TooLargeError(Error):  # type: ignore[misc]
    code, reason = 413, "Request Entity Too Large"


class _FullError(Error):  # type: ignore[misc]
    code, reason = 507, "Insufficient Storage"


def serve(application: Any, listener: socket.socket, settings: Settings, **options: Any) -> None:
    """Serve until the process is ended; options are those of waitress."""
    server = waitress.create_server(application, sockets=[listener], **options)
    tokens = access_tokens(settings) if asks_for_token(settings) else {}
    refuse = partial(_refused, settings, tokens)
    server.channel_class = partial(_Channel, refuse)
    server.run()


class _Channel(HTTPChannel):  # type: ignore[misc]
    def __init__(self, refuse: Refuse, server: Any, sock: Any, addr: Any, *rest: Any, **kw: Any):
        address = str(addr[0]) if isinstance(addr, tuple) else ""
        self.parser_class = partial(_Parser, refuse, address)
        super().__init__(server, sock, addr, *rest, **kw)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    completed: bool

    def __init__(self, refuse: Refuse, address: str, adj: Any):
        super().__init__(adj)
        self._refuse: Refuse | None = refuse
        self._address = address

    def received(self, data: bytes) -> int:
        """Take bytes as waitress does, and none of a body that is refused."""
        taken = int(super().received(data))
        if self._refuse and self.headers_finished:
            refuse, self._refuse = self._refuse, None
            if not self.completed and (error := refuse(self, self._address)):
                self.error, self.completed, self.expect_continue = error, True, False
        return taken


def _refused(
    settings: Settings, tokens: Mapping[str, Role], asked: HTTPRequestParser, address: str
) -> Error | None:
    """Why a body is not taken, if it is not."""
    headers = {f"HTTP_{name}": value for name, value in asked.headers.items()}
    person = people.identify(Request({**headers, "REMOTE_ADDR": address}), settings, tokens)
    if person is None:
        return _UnknownError("Open Neuroboard with its token first.")
    if not asked.path.startswith("/uploads/"):
        return _limited(asked, BODY_LIMIT)
    if person.role < Role.WORK:
        return _NotAllowedError("Your access lets you look, not upload.")
    kind = KINDS.get(asked.path.split("/")[2])
    return _limited(asked, kind.limit(settings) if kind else BODY_LIMIT) or _no_room(
        asked, settings
    )


def _limited(asked: HTTPRequestParser, limit: int) -> Error | None:
    """Browsers say how long a body is; one whose length nobody knows could be of any."""
    if asked.chunked:
        return _LengthError("Say how long the request is (Content-Length).")
    if asked.content_length > limit:
        return _TooLargeError(f"The request is larger than {limit // MB} MB.")
    return None


def _no_room(asked: HTTPRequestParser, settings: Settings) -> Error | None:
    """A body lies in the folder for temporary files before it lies in the home folder."""
    for folder in (tempfile.gettempdir(), settings.home):
        free = shutil.disk_usage(folder).free
        if asked.content_length > free:
            return _FullError(
                f"The server's disk is full ({free // MB} MB free): ask the person who runs it to "
                "make room."
            )
    return None
