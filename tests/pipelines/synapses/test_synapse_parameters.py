import subprocess
import sys

import pytest

from pipelines.core.errors import ParameterError
from pipelines.synapses.parameters import FitParameters, PredictParameters, TrainParameters


@pytest.mark.parametrize("text", ["all", "AS", "ss", "cb", "cr", "pv"])
def test_a_group_has_a_name(text: str) -> None:
    assert FitParameters.parse({"group": text}).group == text.casefold()


def test_a_group_can_be_any_value_of_any_column() -> None:
    assert FitParameters.parse({"group": " Layer = 2/3 "}).group == "Layer=2/3"


@pytest.mark.parametrize("text", ["", "xx", "=as", "SynType="])
def test_an_unknown_group_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(ParameterError, match="all, as, ss, cb, cr, pv or COLUMN=VALUE"):
        FitParameters.parse({"group": text})


def test_a_cluster_has_at_least_two_members() -> None:
    with pytest.raises(ParameterError, match="at least 2"):
        FitParameters.parse({"min_cluster_size": "1"})


def test_only_classifiers_that_work_are_offered() -> None:
    with pytest.raises(ParameterError, match="random-forest"):
        TrainParameters.parse({"classifier": "perceptron"})


def test_the_outlier_quantile_is_a_share() -> None:
    with pytest.raises(ParameterError, match="less than 1"):
        PredictParameters.parse({"outlier_quantile": "1"})


def test_parameters_and_prediction_do_not_load_umap() -> None:
    code = (
        "import sys; import pipelines.synapses.parameters; assert 'pandas' not in sys.modules;"
        "import pipelines.synapses.classify.predict;"
        "assert not {'umap', 'hdbscan'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
