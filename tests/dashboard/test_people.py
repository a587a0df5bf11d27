"""Who is asking, and what they may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard import create_app
from dashboard.home import models, space
from dashboard.home.usage import GB
from dashboard.jobs.store import JobState, Store
from dashboard.server.services import services
from dashboard.server.settings import Settings
from dashboard.synapses import models as synapse_models
from pipelines.core.errors import NotAllowedError, OutputError, ParameterError
from pipelines.models import registry

NAMES = "X-Remote-User"


@pytest.fixture
def shared(settings: Settings) -> Settings:
    return replace(settings, host="0.0.0.0", token="works", owner_token="owns", look_token="looks")


@pytest.fixture
def behind_proxy(settings: Settings) -> Settings:
    return replace(settings, user_header=NAMES, owners=("olga",), lookers=("lee",))


def entered(settings: Settings, token: str, name: str = "") -> FlaskClient:
    client = create_app(settings).server.test_client()
    client.get(f"/?token={token}&name={name}")
    return client


@contextmanager
def asked_by(name: str, settings: Settings) -> Iterator[Store]:
    """The store as a callback of that person finds it."""
    server = create_app(settings).server
    proxy = {"REMOTE_ADDR": "127.0.0.1"}
    with server.test_request_context("/", headers={NAMES: name}, environ_base=proxy):
        assert server.preprocess_request() is None
        yield services().store


@pytest.mark.parametrize(("token", "status"), [("looks", 400), ("works", 200), ("owns", 200)])
def test_uploading_needs_the_role_work(shared: Settings, token: str, status: int) -> None:
    client = entered(shared, token)
    answer = client.put(f"/uploads/table/{'0' * 32}/a.csv", data=b"a,b\n1,2\n")
    assert answer.status_code == status
    if status == 400:
        assert "ask the person who runs this server" in answer.get_json()["error"]


def test_a_name_is_kept_and_shown(shared: Settings) -> None:
    client = entered(shared, "works", "Zo%C3%AB  Ya%C3%B1ez")
    assert "Zoë Yañez" in client.get("/_dash-layout").get_data(as_text=True).encode().decode(
        "unicode_escape"
    )


def test_signing_out_asks_for_the_token_again(shared: Settings) -> None:
    client = entered(shared, "works")
    assert client.get("/").status_code == 200
    client.get("/sign-out")
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("name", "role"), [("olga", "own"), ("lee", "look"), ("anyone else", "work")]
)
def test_a_proxy_names_the_person(behind_proxy: Settings, name: str, role: str) -> None:
    client = create_app(behind_proxy).server.test_client()
    answer = client.get("/_dash-layout", headers={NAMES: name, "Host": "lab.example"})
    assert f'"{name}"," ({role})"' in answer.get_data(as_text=True)


def test_without_the_proxys_name_nothing_but_health_answers(behind_proxy: Settings) -> None:
    client = create_app(behind_proxy).server.test_client()
    assert client.get("/").status_code == 401
    assert client.get("/?token=x").status_code == 401
    assert client.get("/health").status_code in (200, 503)


def test_another_machine_cannot_pretend_to_be_the_proxy(behind_proxy: Settings) -> None:
    client = create_app(behind_proxy).server.test_client()
    answer = client.get("/", headers={NAMES: "olga"}, environ_overrides={"REMOTE_ADDR": "10.0.0.7"})
    assert answer.status_code == 401


def test_jobs_carry_the_name_of_who_started_them(behind_proxy: Settings) -> None:
    with asked_by("olga", behind_proxy) as store:
        job_id = store.submit("brainmap fit", {}, [], version="1")
    job = store.get(job_id)
    assert job is not None
    assert job.author == "olga"


def test_those_who_look_start_stop_and_delete_nothing(behind_proxy: Settings) -> None:
    with asked_by("lee", behind_proxy) as store:
        for forbidden in (store.cancel, store.restart, store.delete):
            with pytest.raises(NotAllowedError):
                forbidden("0")
        with pytest.raises(NotAllowedError):
            store.submit("brainmap fit", {}, [], version="1")
        assert store.latest() == []


def test_deleting_needs_the_owner(behind_proxy: Settings) -> None:
    with asked_by("ann", behind_proxy) as store, pytest.raises(NotAllowedError, match="own"):
        store.delete("0")


def test_a_job_is_not_run_again_where_it_could_not_be_run(behind_proxy: Settings) -> None:
    limited = replace(behind_proxy, quota_gb=1)
    with asked_by("ann", limited) as store:
        there, full = (store.submit("brainmap fit", {"k": k}, [], version="1") for k in (1, 2))
        kept = Store(store.file)  # the worker's, which asks nobody
        kept.submit("brainmap fit", {"engine": "dask://gone:1"}, [], version="1")
        for job in kept.latest():
            kept.cancel(job.id)
        elsewhere = next(job.id for job in kept.latest() if "engine" in job.parameters)
        with pytest.raises(ParameterError, match="does not offer the engine dask://gone:1"):
            store.restart(elsewhere)
        store.restart(there)
        with (limited.uploads / "large.bin").open("wb") as file:
            file.truncate(2 * GB)
        with pytest.raises(OutputError, match="is full"):
            store.restart(full)
        states = [job.state for job in map(store.get, (there, full, elsewhere)) if job]
        assert states == [JobState.QUEUED, JobState.CANCELLED, JobState.CANCELLED]


def test_who_works_changes_nothing_that_is_the_owners(behind_proxy: Settings) -> None:
    bundle = Path(__file__).parents[2] / "models" / "unit-labels"
    registry.add(bundle, behind_proxy.registry, "kept")
    with asked_by("ann", behind_proxy) as store:
        job_id = store.submit("brainmap fit", {}, [], version="1")
        store.cancel(job_id)
        (behind_proxy.jobs / job_id / "result").mkdir(parents=True)
        before = sorted(behind_proxy.home.rglob("*"))
        for action in ("retire", "restore"):
            said, _ = models.act([1], {"type": "model", "action": action, "name": "kept"})
            assert "needs the role" in said
        assert "needs the role" in synapse_models.keep(1, "mine", job_id)
        for what in (f"job:{job_id}", "failed", "uploads"):
            assert "needs the role" in space.delete(1, what)[0]
        assert not registry.find(behind_proxy.registry, "kept").retired
        assert store.get(job_id) is not None
    assert sorted(behind_proxy.home.rglob("*")) == before
