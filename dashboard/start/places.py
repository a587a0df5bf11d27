"""What can be gone to from anywhere: pages, ways to a new workspace, and workspaces, for Ctrl+K."""

from flask import Blueprint, Response, jsonify

from dashboard.kit.shell import NAVIGATION
from dashboard.start.new import SUBJECTS
from dashboard.workspaces import workspaces
from dashboard.workspaces.workspace import TITLES

MOST_WORKSPACES = 500


def blueprint() -> Blueprint:
    """The address that the page asks."""
    found = Blueprint("places", __name__)
    found.add_url_rule("/places.json", view_func=places)
    return found


def places() -> Response:
    """Pages, what is new, then workspaces, that to which something happened last first."""
    pages = [{"title": name, "kind": "page", "href": href} for href, name in NAVIGATION]
    known = [
        {"title": one.name, "kind": TITLES[one.subject], "href": one.address}
        for one in workspaces.all()[:MOST_WORKSPACES]
    ]
    return jsonify([*pages, *_new(), *known])


def _new() -> list[dict[str, str]]:
    """The area New of each subject, and the button in it that opens the example."""
    ways = {"New {}": "new", "Open the example {}": "new-example"}
    return [
        {"title": way.format(new.noun), "kind": TITLES[subject], "href": f"/{subject}#{part}"}
        for way, part in ways.items()
        for subject, new in SUBJECTS.items()
    ]
