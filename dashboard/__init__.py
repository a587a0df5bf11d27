"""The web app: pages, jobs, security. Imports `pipelines`, never the other way round."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dash import Dash

    from dashboard.server.settings import Settings


def create_app(settings: "Settings") -> "Dash":
    """Build an app; any number of them can live in one process.

    It is imported here and not above: workers import what lies below `dashboard` too, and do
    without Dash and its pages.

    Raises:
        OutputError: the home folder cannot be written.
        ParameterError: a data root does not exist.
    """
    from dashboard import application

    return application.create_app(settings)
