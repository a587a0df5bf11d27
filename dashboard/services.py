"""What callbacks of one app share: its settings and its store of jobs."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from dashboard.jobs.store import Store
from dashboard.settings import Settings

KEY = "neuroboard"


@dataclass(frozen=True)
class Services:
    """The settings and the store of the app that is handling the request."""

    settings: Settings
    store: Store


def install(server: Flask, settings: Settings) -> Services:
    """Give an app its services."""
    found = Services(settings, Store(settings.home / "jobs.sqlite"))
    server.extensions[KEY] = found
    return found


def services() -> Services:
    """The services of the current app."""
    return cast(Services, current_app.extensions[KEY])
