"""How answers travel: compressed, kept by browsers, and sent again only where they changed.

Packed is text only: pictures and archives are packed already. It is gzip, which Python brings:
brotli would make files 11 % smaller for the same work (23 % for a hundred times of it), only over
TLS, and browsers keep them for a year.

BREACH reads secrets off the lengths of packed answers. It needs a page of another site that makes
a person's browser ask here again and again, with their cookie and with words of its choice. Here
other sites get no answer to POST (`security.py`), the cookie with a token is sent to none of them
(SameSite=Strict), and no answer holds a token. Where a proxy names people by a cookie of its own,
an answer to GET still holds no secret that is the same in the next one.
"""

import gzip
import hashlib
import re
import threading
from typing import Any

from flask import Flask, Response, request

YEAR_SECONDS = 365 * 86400
LEAST_BYTES = 1_000
"""What is shorter travels in a single packet anyway."""
QUICK, THOROUGH = 1, 6
"""Levels of gzip: for what is made for one request, and for files, which are packed once."""
TEXTS = frozenset(
    {
        "application/javascript",
        "application/json",
        "image/svg+xml",
        "image/x-icon",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
FILES = ("/_dash-component-suites/", "/assets/")
NAMED_BY_CONTENT = re.compile(
    r"/_dash-component-suites/.*\.v[\w-]+m\d+\.[^/]+|/assets/[0-9a-f]{16}/.+|/_favicon\.ico"
)
"""Addresses that change with what lies there: with the version and time of a file of Dash's, with
the digest of our own."""


class _Packed:
    """Files as gzip, each packed once; there are as many as there are files of code."""

    def __init__(self) -> None:
        self._files: dict[bytes, bytes] = {}
        self._lock = threading.Lock()

    def of(self, body: bytes) -> bytes:
        """A file, packed; who asks for one that is just being packed waits for it."""
        key = hashlib.blake2b(body, digest_size=16).digest()
        if key not in self._files:
            with self._lock:
                if key not in self._files:
                    self._files[key] = gzip.compress(body, THOROUGH, mtime=0)
        return self._files[key]


_packed = _Packed()


def lighten(server: Flask) -> None:
    """Pack an app's answers and say how long they hold."""
    server.after_request(_keep)
    server.after_request(_pack)  # before the other: the last to be added is the first to be asked


def _keep(response: Response) -> Response:
    """Have browsers keep what never changes, and ask whether the rest did."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    if NAMED_BY_CONTENT.fullmatch(request.path):
        response.cache_control.clear()
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
    elif request.path.startswith("/_dash-"):
        response.cache_control.no_cache = True
        response.cache_control.private = True
        response.add_etag(weak=True)
        response.make_conditional(request)
    return response


def _pack(response: Response) -> Response:
    is_file = request.path.startswith(FILES)
    if response.status_code in (204, 206, 304) or response.mimetype not in TEXTS:
        return response
    if response.is_streamed and not is_file:
        return response  # a download: who asks for a part of it later needs its own bytes
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= LEAST_BYTES:
        _replace(response, _packed.of(body) if is_file else gzip.compress(body, QUICK, mtime=0))
    return response


def _replace(response: Response, body: bytes) -> None:
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    tag: Any = response.get_etag()[0]
    if tag is not None:  # that of the unpacked bytes: the same text, other bytes
        response.set_etag(tag, weak=True)
