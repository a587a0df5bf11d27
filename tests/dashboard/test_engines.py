"""Brain maps run on the clusters that the server's owner named, and on no others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dashboard import create_app
from dashboard.brainmap.page import layout
from dashboard.jobs.store import Store
from dashboard.kit.forms import field_id
from dashboard.server.services import services
from dashboard.server.settings import Settings
from pipelines.core.errors import ParameterError

OFFERED = "dask://10.0.0.5:8786"


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store as a callback finds it, on a server that offers one cluster."""
    server = create_app(replace(settings, engines=(OFFERED,))).server
    with server.test_request_context("/"):
        server.preprocess_request()
        yield services().store


@pytest.mark.parametrize("engine", ["local", OFFERED])
def test_an_offered_engine_is_taken(store: Store, engine: str) -> None:
    assert store.submit("brainmap fit", {"engine": engine}, [], version="1")


@pytest.mark.parametrize("engine", ["dask://10.0.0.6:8786", "spark-local"])
def test_another_one_is_refused_in_a_sentence(store: Store, engine: str) -> None:
    with pytest.raises(ParameterError, match=f"not offer.*{engine}"):
        store.submit("brainmap fit", {"engine": engine}, [], version="1")


def test_an_offered_engine_is_chosen_on_the_page_and_by_its_address(store: Store) -> None:
    def field(**address: str) -> Any:
        page: Any = layout(**address)
        wanted = field_id("brainmap", "engine")
        [select] = [part for part in page._traverse() if getattr(part, "id", None) == wanted]
        return select.data, select.value

    assert field(step="map") == (["local", OFFERED], "local")
    assert field(engine=OFFERED) == (["local", OFFERED], OFFERED)


def test_the_engines_of_the_environment_are_separated_by_commas() -> None:
    found = Settings.from_environment({"NEUROBOARD_ENGINES": f"{OFFERED}, spark-local"})
    assert found.engines == (OFFERED, "spark-local")
