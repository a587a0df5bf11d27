"""Who is asking, and what they may do.

Three ways to know: on a laptop everyone who reaches the app is its owner; on a server the
access token says the role and its bearer says the name; behind a trusted proxy the proxy
names the person.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import unquote

from flask import Request, g, has_request_context

from dashboard.server.settings import Settings
from pipelines.core.errors import NotAllowedError

TOKEN_COOKIE = "neuroboard_token"
NAME_COOKIE = "neuroboard_name"
LONGEST_NAME = 40


class Role(IntEnum):
    """What a person may do; a higher role includes the lower ones."""

    LOOK = 1
    WORK = 2
    OWN = 3


MAY = {
    Role.LOOK: "look at everything",
    Role.WORK: "look, upload and run jobs",
    Role.OWN: "do everything, deleting included",
}


@dataclass(frozen=True)
class Person:
    """The one whose request is handled.

    Attributes:
        name: as it appears on jobs and curation; empty when nobody said.
        role: what they may do.
    """

    name: str
    role: Role


HERE = Person("", Role.OWN)
"""Whoever sits at the machine itself."""


def current() -> Person:
    """The person of the current request; outside of one, whoever runs the program."""
    if not has_request_context():
        return HERE
    person: Person = g.get("person", Person("", Role.LOOK))
    return person


def require(role: Role) -> Person:
    """The current person, if they may do what the role allows.

    Raises:
        NotAllowedError: they may not.
    """
    person = current()
    if person.role < role:
        raise NotAllowedError(
            f"Your access lets you {MAY[person.role]}; this needs the role {role.name.lower()!r}: "
            "ask the person who runs this server."
        )
    return person


def identify(asked: Request, settings: Settings, tokens: Mapping[str, Role]) -> Person | None:
    """Who sent a request, or nothing when they have to say so first.

    Args:
        asked: the request.
        settings: the host, and whom to believe.
        tokens: the role that each access token gives.
    """
    if settings.user_header:
        return _named_by_proxy(asked, settings)
    if settings.is_local:
        return HERE
    role = role_of(asked.cookies.get(TOKEN_COOKIE, ""), tokens)
    return Person(clean_name(unquote(asked.cookies.get(NAME_COOKIE, ""))), role) if role else None


def role_of(token: str, tokens: Mapping[str, Role]) -> Role | None:
    """The role that a token gives, compared in constant time."""
    found = [role for known, role in tokens.items() if _same(token, known)]
    return max(found, default=None)


def clean_name(text: str) -> str:
    """A name as it may be shown: one line, not too long."""
    return " ".join(part for part in text.split() if part.isprintable())[:LONGEST_NAME]


def _named_by_proxy(asked: Request, settings: Settings) -> Person | None:
    name = clean_name(asked.headers.get(settings.user_header, ""))
    if not name or asked.remote_addr not in settings.proxies:
        return None
    if name in settings.owners:
        return Person(name, Role.OWN)
    return Person(name, Role.LOOK if name in settings.lookers else Role.WORK)


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
