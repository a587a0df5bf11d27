"""Who may talk to the app, and what its pages may load.

The same-origin check follows the Fetch Metadata advice (https://web.dev/articles/fetch-metadata)
with `Origin` against `Host` for browsers that do not send it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import cast
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, g, redirect, request

from dashboard.server import people
from dashboard.server.people import Role
from dashboard.server.settings import LOOPBACK, MB, Settings
from pipelines.core.outputs import atomic_file

MONTH_SECONDS = 30 * 86400
SIGN_OUT = "/sign-out"
OPEN_TO_ALL = frozenset({"/health"})
BODY_LIMIT = 20 * MB
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ASK_FOR_TOKEN = """<!doctype html><html lang="en"><title>Neuroboard</title>
<meta name="viewport" content="width=device-width">
<style>:root {color-scheme: light dark}
body {font-family: system-ui; max-width: 24rem; margin: 15vh auto; padding: 0 1rem}
label {display: block; margin: 1rem 0} input {display: block; width: 100%; font: inherit;
padding: .5rem; box-sizing: border-box} button {font: inherit; padding: .5rem 1.5rem}</style>
<body><main><h1>Neuroboard</h1><p>Enter the access token. Whoever started the app sees it in the
terminal.</p><form><label>Token <input name="token" type="password" autofocus required></label>
<label>Your name, for your jobs (optional)<input name="name" maxlength="40"
autocomplete="name"></label><button>Enter</button></form></main></body></html>"""
NOT_NAMED = (
    "This Neuroboard is reached through your lab's sign-in page: use the address that the person "
    "who runs it gave you."
)


def protect(server: Flask, settings: Settings) -> None:
    """Add the checks to an app."""
    server.config["MAX_CONTENT_LENGTH"] = None
    server.before_request(lambda: _check_host(settings))
    server.before_request(_check_origin)
    server.before_request(_check_size)
    tokens = access_tokens(settings) if asks_for_token(settings) else {}
    server.before_request(lambda: _let_in(settings, tokens))


def asks_for_token(settings: Settings) -> bool:
    """Whether visitors have to show a token: others can reach the app and no proxy names them."""
    return not settings.is_local and not settings.user_header


def access_tokens(settings: Settings) -> dict[str, Role]:
    """What each access token allows.

    A token that is not configured is made at random and kept in the home folder.
    """
    return {
        settings.look_token or _kept_token(settings, "look-token"): Role.LOOK,
        settings.token or _kept_token(settings, "token"): Role.WORK,
        settings.owner_token or _kept_token(settings, "owner-token"): Role.OWN,
    }


def _kept_token(settings: Settings, name: str) -> str:
    file = settings.home / name
    if not file.exists() or not file.read_text(encoding="ascii").strip():
        with atomic_file(file, overwrite=True) as new:
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(24), encoding="ascii")
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
    """Refuse names that do not belong to this machine (DNS rebinding).

    Behind a proxy that names the person, the host is the proxy's; without the name nobody
    gets in.
    """
    if settings.user_header:
        return
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
    if site is None and (origin is None or _host_of(origin) == request.host):
        return
    abort(403, "This request came from another site.")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _check_size() -> None:
    """Streamed uploads have limits of their own."""
    if not request.path.startswith("/uploads/") and (request.content_length or 0) > BODY_LIMIT:
        abort(413, f"The request is larger than {BODY_LIMIT // MB} MB.")


def _let_in(settings: Settings, tokens: Mapping[str, Role]) -> Response | None:
    """Remember who asks; whoever is not known is asked for a token."""
    if request.path == SIGN_OUT:
        return _signed_out()
    person = people.identify(request, settings, tokens)
    if person is not None:
        g.person = person
        return None
    if request.path in OPEN_TO_ALL:
        return None
    if settings.user_header:
        return Response(NOT_NAMED, status=401, mimetype="text/plain")
    if people.role_of(request.args.get("token", ""), tokens):
        return _signed_in(request.args["token"], request.args.get("name", ""))
    return Response(ASK_FOR_TOKEN, status=401, mimetype="text/html")


def _signed_in(token: str, name: str) -> Response:
    answer = cast(Response, redirect(request.path))
    for cookie, value in (
        (people.TOKEN_COOKIE, token),
        (people.NAME_COOKIE, quote(people.clean_name(name))),
    ):
        answer.set_cookie(cookie, value, httponly=True, samesite="Strict", max_age=MONTH_SECONDS)
    return answer


def _signed_out() -> Response:
    answer = cast(Response, redirect("/"))
    answer.delete_cookie(people.TOKEN_COOKIE)
    answer.delete_cookie(people.NAME_COOKIE)
    return answer
