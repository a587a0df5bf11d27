"""Other colours for a finished map: the same as mapping anew, and nothing is clustered."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.brainmap import fit as fitting
from pipelines.core.errors import ParameterError
from pipelines.tasks import run

PARAMETERS: dict[str, Any] = {"k": [3, 4, 6], "std_threshold": 0, "normalize": "zscore"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(6, 30))
    which = rng.integers(0, 6, size=(2, 12, 14))
    images = kinds[which] + 0.1 * rng.normal(size=(2, 12, 14, 30))
    file = tmp_path_factory.mktemp("film") / "film.npy"
    np.save(file, np.moveaxis(images, -1, 0) + 20)
    return file


@pytest.fixture(scope="module")
def earlier(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("map") / "map"
    run("brainmap fit", {"images": film}, PARAMETERS, out)
    return out


@pytest.mark.parametrize("colors", [{"color_seed": 3}, {"color_seed": 1, "colors": "notebook"}])
def test_other_colours_are_those_of_a_new_map_to_the_last_bit(
    film: Path,
    earlier: Path,
    tmp_path: Path,
    colors: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = {**PARAMETERS, **colors}
    anew = run("brainmap fit", {"images": film}, wanted, tmp_path / "anew")
    monkeypatch.setattr(fitting, "run_sweep", None)  # nothing is clustered
    monkeypatch.setattr(fitting, "open_images", None)  # and the film is not opened
    again = run("brainmap fit", {"images": film, "earlier": earlier}, wanted, tmp_path / "again")
    assert json.loads(json.dumps(again.results)) == json.loads(json.dumps(anew.results))
    files = {file.name for file in (tmp_path / "anew").iterdir()}
    assert files == {file.name for file in (tmp_path / "again").iterdir()}
    for name in files - {"run.json"}:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "anew" / name).read_bytes()


def test_a_map_that_differs_in_more_is_refused(film: Path, earlier: Path, tmp_path: Path) -> None:
    wanted = {**PARAMETERS, "color_seed": 3, "seed": 1}
    inputs = {"images": film, "earlier": earlier}
    with pytest.raises(ParameterError, match="seed: the earlier map has 0"):
        run("brainmap fit", inputs, wanted, tmp_path / "out")
    assert not (tmp_path / "out").exists()
