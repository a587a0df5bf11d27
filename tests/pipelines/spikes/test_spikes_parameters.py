import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import ParameterError
from pipelines.spikes.parameters import SpikesParameters

VALUES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=8), st.booleans())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"freq_min": 300, "freq_max": 300}, "must be above freq_min, which is 300 Hz"),
        ({"clusterer": "kmeans"}, "must be a number when clusterer is kmeans"),
        ({"feature_ms_before": 2}, "must not be above ms_before, which is 1 ms"),
        ({"refractory_ms": 0.5}, "must be above dead_time_ms, which is 0.8 ms"),
        ({"sorter": "kilosort"}, "'auto', 'group', 'tridesclous2'"),
        ({"choose": "0=3"}, "must be written as group:components, such as 0:4, not 0=3"),
        ({"choose": "0:0"}, "must have 1 to 100 components"),
        ({"threshold": 5}, "Did you mean detect_threshold?"),
    ],
)
def test_a_wrong_setting_is_explained(values: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        SpikesParameters.parse(values)
    assert words in caught.value.sentence


@given(st.dictionaries(st.sampled_from(list(SpikesParameters.model_fields)), VALUES, max_size=4))
def test_any_values_are_taken_or_refused_with_a_sentence(values: dict[str, object]) -> None:
    try:
        parsed = SpikesParameters.parse(values)
    except ParameterError:
        return
    assert parsed.freq_min < parsed.freq_max


def test_texts_from_the_command_line_are_understood() -> None:
    parsed = SpikesParameters.parse({"clusterer": "kmeans", "n_clusters": "3", "gain_uv": "0.195"})
    assert (parsed.n_clusters, parsed.gain_uv) == (3, 0.195)
