"""An app with a home of its own, without a worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dash import Dash
from flask.testing import FlaskClient

from dashboard import create_app
from dashboard.server.services import Services, services
from dashboard.server.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    root = tmp_path / "data"
    root.mkdir()
    return Settings(home=tmp_path / "home", data=(root,))


@pytest.fixture
def app(settings: Settings) -> Dash:
    return create_app(settings)


@pytest.fixture
def client(app: Dash) -> FlaskClient:
    return app.server.test_client()


@pytest.fixture
def found(app: Dash) -> Iterator[Services]:
    """The app's services, with an app context for callbacks that are called directly."""
    with app.server.app_context():
        yield services()
