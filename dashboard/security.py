"""Who may talk to the app, and what its pages may load.

The same-origin check follows the Fetch Metadata advice (https://web.dev/articles/fetch-metadata)
with `Origin` against `Host` for browsers that do not send it.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, request

from dashboard.settings import LOOPBACK, MB, Settings

COOKIE = "neuroboard_token"
OPEN_TO_ALL = frozenset({"/health"})
BODY_LIMIT = 20 * MB
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ASK_FOR_TOKEN = """<!doctype html><html lang="en"><title>Neuroboard</title>
<meta name="viewport" content="width=device-width">
<body style="font-family:system-ui;max-width:28rem;margin:15vh auto;padding:0 1rem">
<h1>Neuroboard</h1><p>Enter the access token. Whoever started the app sees it in the terminal.</p>
<form><label>Token <input name="token" type="password" autofocus></label>
<button>Enter</button></form></body></html>"""


def protect(server: Flask, settings: Settings) -> None:
    """Add the checks to an app."""
    server.config["MAX_CONTENT_LENGTH"] = None
    server.before_request(lambda: _check_host(settings))
    server.before_request(_check_origin)
    server.before_request(_check_size)
    if not settings.is_local:
        token = access_token(settings)
        server.before_request(lambda: _check_token(token))


def access_token(settings: Settings) -> str:
    """The configured token, or one made at random and kept in the home folder."""
    if settings.token:
        return settings.token
    file = settings.home / "token"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


def set_headers(server: Flask, script_hashes: Callable[[], Sequence[str]]) -> None:
    """Add the content security policy and its companions to every answer.

    Args:
        server: whose answers.
        script_hashes: hashes of the app's own inline scripts; asked at the first answer,
            because the last of them is made at the first request.
    """
    policy = cache(lambda: _policy(script_hashes()))

    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy()
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return response

    server.after_request(add)


def _policy(script_hashes: Sequence[str]) -> str:
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self' " + " ".join(script_hashes),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _check_host(settings: Settings) -> None:
    """Refuse names that do not belong to this machine (DNS rebinding)."""
    if settings.is_local and _host_name(request.host) not in LOOPBACK:
        abort(403, "Open Neuroboard as http://127.0.0.1.")


def _host_name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _check_origin() -> None:
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("Origin")
    if site is None and (origin is None or urlsplit(origin).netloc == request.host):
        return
    abort(403, "This request came from another site.")


def _check_size() -> None:
    """Streamed uploads have limits of their own."""
    if not request.path.startswith("/uploads/") and (request.content_length or 0) > BODY_LIMIT:
        abort(413, f"The request is larger than {BODY_LIMIT // MB} MB.")


def _check_token(token: str) -> Response | None:
    if request.path in OPEN_TO_ALL or _same(request.cookies.get(COOKIE, ""), token):
        return None
    if _same(request.args.get("token", ""), token):
        answer = redirect(request.path)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict", max_age=30 * 86400)
        return answer  # type: ignore[return-value]
    return Response(ASK_FOR_TOKEN, status=401, mimetype="text/html")


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
