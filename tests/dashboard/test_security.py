"""Who may talk to the app, and what its pages may load."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from dashboard import create_app
from dashboard.server.people import Role
from dashboard.server.security import access_tokens
from dashboard.server.settings import Settings


def test_pages_carry_a_policy_without_eval(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe-eval" not in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'self'" in scripts
    assert "unsafe-inline" not in scripts
    assert "http" not in policy


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_requests_from_other_sites_are_refused(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post("/_dash-update-component", json={}, headers=headers)
    assert answer.status_code == 403


def test_other_host_names_are_refused_on_a_laptop(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost:8050"}).status_code == 200


def test_a_large_request_is_refused(client: FlaskClient) -> None:
    answer = client.post("/_dash-update-component", data=b"x" * 21_000_000)
    assert answer.status_code == 413


def test_on_the_intranet_nothing_but_health_answers_without_the_token(settings: Settings) -> None:
    shared = replace(settings, host="0.0.0.0", token="secret")
    client = create_app(shared).server.test_client()
    assert client.get("/").status_code == 401
    assert client.get("/_dash-layout").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    assert client.get("/health").status_code in (200, 503)
    entered = client.get("/?token=secret")
    assert entered.status_code == 302
    assert client.get("/").status_code == 200


def test_random_tokens_are_kept_and_differ_by_role(settings: Settings) -> None:
    settings.prepare()
    tokens = access_tokens(settings)
    assert sorted(tokens.values()) == [Role.LOOK, Role.WORK, Role.OWN]
    assert all(len(token) >= 32 for token in tokens)
    assert access_tokens(settings) == tokens


def test_a_token_that_was_not_written_to_its_end_is_made_anew(settings: Settings) -> None:
    """An empty token would let everybody in."""
    settings.prepare()
    (settings.home / "token").touch()
    tokens = access_tokens(replace(settings, host="0.0.0.0"))
    assert all(len(token) > 20 for token in tokens)
    assert access_tokens(replace(settings, host="0.0.0.0")) == tokens
    assert (settings.home / "token").stat().st_mode & 0o777 == 0o600
