import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import InputError, ParameterError
from pipelines.spikes.curation.log import Curation, Log, curate
from pipelines.spikes.curation.steps import (
    MOST_KEPT,
    CurationState,
    CurationStep,
    replay,
    sorted_state,
)

START = sorted_state(np.repeat(np.array([0, 1, 2, 3], np.int32), 25))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "curation.jsonl", "digest")


def did(log: Log, action: str, *units: int, **more: object) -> CurationState:
    return curate(log, START, CurationStep(action, "ada", units, **more))  # type: ignore[arg-type]


def test_a_log_read_again_gives_the_same_units(log: Log) -> None:
    did(log, "label", 0, label="good")
    did(log, "merge", 1, 2, reason="same shape")
    state = did(log, "label", 4, label="mua")
    again = replay(START, log.read())
    assert again.labels == state.labels == {0: "good", 4: "mua"}
    assert again.units == {0, 3, 4}
    assert np.array_equal(again.unit_id, np.repeat([0, 4, 4, 3], 25))
    assert [step.reason for step in again.done] == ["", "same shape", ""]
    assert {step.author for step in again.done} == {"ada"}
    assert again.done[0].time.endswith("+00:00")


def test_undo_and_redo_reach_over_sessions(log: Log) -> None:
    did(log, "label", 0, label="good")
    did(log, "label", 1, label="noise")
    later = Log(log.file, log.sorting)
    assert did(later, "undo").labels == {0: "good"}
    assert did(later, "undo").labels == {}
    assert did(later, "redo").labels == {0: "good"}
    assert did(later, "label", 2, label="mua").labels == {0: "good", 2: "mua"}
    with pytest.raises(ParameterError, match="nothing to redo"):
        did(later, "redo")
    assert len(log.read()) == 6  # what was undone stays in the log


def test_a_number_of_a_unit_is_never_given_twice(log: Log) -> None:
    did(log, "merge", 0, 1)
    did(log, "undo")
    assert did(log, "merge", 2, 3).units == {0, 1, 5}


def test_spikes_are_split_off_removed_and_restored(log: Log) -> None:
    split = did(log, "split", 0, spikes=((0, 1, 2), (3, 4)))
    assert [len(split.spikes_of(unit)) for unit in (4, 5, 6)] == [3, 2, 20]
    removed = did(log, "remove", 6, spikes=((24,),))
    assert removed.spikes_of(6).tolist() == list(range(5, 24))
    assert did(log, "merge", 6, 1).removed_of(7).tolist() == [24]
    assert len(did(log, "restore", 7).spikes_of(7)) == 45


def test_a_label_that_both_parts_of_a_merge_had_is_kept(log: Log) -> None:
    did(log, "label", 0, 1, 2, label="good")
    did(log, "label", 3, label="mua")
    assert did(log, "merge", 0, 1).labels[4] == "good"
    assert 5 not in did(log, "merge", 2, 3).labels


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (CurationStep("label", "ada", (9,), "good"), "no unit 9"),
        (CurationStep("label", "ada", (0,), "lovely"), "no label"),
        (CurationStep("label", " ", (0,), "good"), "who curates"),
        (CurationStep("merge", "ada", (1, 1)), "two different units"),
        (CurationStep("split", "ada", (0,), spikes=((30,),)), "Only spikes of unit 0"),
        (CurationStep("split", "ada", (0,), spikes=((1, 2), (2,))), "overlap"),
        (CurationStep("split", "ada", (0,), spikes=(tuple(range(25)),)), "both sides"),
        (CurationStep("remove", "ada", (0,), spikes=(tuple(range(25)),)), "not all"),
        (CurationStep("restore", "ada", (0,)), "No spike was removed"),
        (CurationStep("undo", "ada"), "nothing to undo"),
    ],
)
def test_a_step_that_cannot_be_done_is_refused_and_not_logged(
    log: Log, step: CurationStep, words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        curate(log, START, step)
    assert log.read() == []


def test_a_line_that_was_not_written_to_its_end_is_left_out(log: Log) -> None:
    did(log, "label", 0, label="good")
    did(log, "label", 1, label="good")
    whole = log.file.read_bytes()
    for cut in range(2, 40):
        log.file.write_bytes(whole[:-cut])
        assert replay(START, log.read()).labels == {0: "good"}
    assert did(log, "label", 2, label="mua").labels == {0: "good", 2: "mua"}


def test_a_last_line_without_its_line_break_is_kept(log: Log) -> None:
    """As an editor leaves a file."""
    did(log, "label", 0, label="good")
    did(log, "label", 1, label="good")
    log.file.write_bytes(log.file.read_bytes()[:-1])
    assert replay(START, log.read()).labels == {0: "good", 1: "good"}
    assert did(log, "label", 2, label="mua").labels == {0: "good", 1: "good", 2: "mua"}
    assert len(log.read()) == 3


def test_damage_in_the_middle_is_named_by_its_line(log: Log) -> None:
    did(log, "label", 0, label="good")
    did(log, "label", 1, label="good")
    log.file.write_bytes(log.file.read_bytes().replace(b'"action": "label"', b'"action": 5', 1))
    with pytest.raises(InputError, match="line 2 is no step"):
        log.read()


def test_a_log_of_another_sorting_is_refused(log: Log) -> None:
    did(log, "label", 0, label="good")
    with pytest.raises(InputError, match="another sorting"):
        Log(log.file, "other").read()


def test_a_followed_log_is_what_all_make_of_it(log: Log) -> None:
    """Whoever writes it, and however: what was read before never counts against the file."""
    one, two = Curation(log, START), Curation(Log(log.file, log.sorting), START)
    one.take(CurationStep("label", "ada", (0,), "good"))
    assert two.take(CurationStep("merge", "bea", (1, 2))).units == {0, 3, 4}
    assert one.state().units == {0, 3, 4}
    assert one.take(CurationStep("undo", "ada")).units == two.state().units == {0, 1, 2, 3}
    assert two.take(CurationStep("redo", "bea")).units == one.state().units == {0, 3, 4}
    longer = log.file.read_bytes()
    log.file.write_bytes(longer[: longer.rindex(b"\n", 0, -1) + 1])  # as from a backup
    assert one.state().units == two.state().units == {0, 1, 2, 3}
    log.file.unlink()
    assert one.state().labels == {}
    log.file.write_bytes(longer)
    assert one.state().units == {0, 3, 4}


def test_a_log_that_was_replaced_by_one_of_the_same_size_and_time_is_read_anew(log: Log) -> None:
    curation = Curation(log, START)
    curation.take(CurationStep("label", "ada", (0,), "good"))
    before = log.file.stat()
    log.file.write_bytes(log.file.read_bytes().replace(b"[0]", b"[3]"))
    os.utime(log.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert log.file.stat().st_size == before.st_size
    assert curation.state().labels == {3: "good"}


def test_damage_of_a_followed_log_is_said_each_time_until_it_is_mended(log: Log) -> None:
    curation = Curation(log, START)
    curation.take(CurationStep("label", "ada", (0,), "good"))
    whole = log.file.read_bytes()
    log.file.write_bytes(whole + b'{"action": "dance", "author": "ada", "time": ""}\n')
    for _ in range(2):
        with pytest.raises(InputError, match="line 3 is no step"):
            curation.state()
    log.file.write_bytes(whole)
    assert curation.state().labels == {0: "good"}


def test_undo_reaches_further_back_than_states_are_kept(log: Log) -> None:
    curation = Curation(log, START)
    wanted = [curation.state().labels]
    for n in range(2 * MOST_KEPT):
        label = ("good", "mua", "noise")[n % 3]
        wanted.append(curation.take(CurationStep("label", "ada", (n % 4,), label)).labels)
    for labels in reversed(wanted[:-1]):
        assert curation.take(CurationStep("undo", "ada")).labels == labels


ACTS = st.tuples(
    st.sampled_from(["label", "merge", "split", "remove", "restore", "undo", "redo"]),
    st.lists(st.integers(0, 9), max_size=3),
    st.lists(st.integers(0, 99), max_size=5),
)


@settings(max_examples=60, deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_no_step_loses_a_spike_and_undoing_all_gives_the_sorting(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, list[int], list[int]]]
) -> None:
    log = Log(tmp_path_factory.mktemp("any") / "c.jsonl", "digest")
    followed = Curation(log, START)
    for action, units, spikes in acts:
        try:
            step = CurationStep(action, "ada", tuple(units), "good", (tuple(spikes),))  # type: ignore[arg-type]
            state = curate(log, START, step)
        except ParameterError:
            continue
        seen_by_another = followed.state()
        assert np.array_equal(seen_by_another.unit_id, state.unit_id)
        assert np.array_equal(seen_by_another.removed, state.removed)
        assert (seen_by_another.units, seen_by_another.labels) == (state.units, state.labels)
        assert (seen_by_another.done, seen_by_another.undone) == (state.done, state.undone)
        seen = [spike for unit in state.units for spike in state.spikes_of(unit)]
        gone = [spike for unit in state.units for spike in state.removed_of(unit)]
        assert sorted([*seen, *gone]) == list(range(100))
    for _ in replay(START, log.read()).done:
        curate(log, START, CurationStep("undo", "ada"))
    last = replay(START, log.read())
    assert np.array_equal(last.unit_id, START.unit_id)
    assert not last.removed.any()
    assert last.labels == {}


CURATOR = """
import sys
from pathlib import Path
import numpy as np
from pipelines.spikes.curation.steps import CurationStep, sorted_state
from pipelines.spikes.curation.log import Log, curate
log, start = Log(Path(sys.argv[1]), "digest"), sorted_state(np.arange(600, dtype=np.int32))
for unit in range(600):
    curate(log, start, CurationStep("label", "ada", (unit,), "good", reason=f"step {unit}"))
    print(unit, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no signal 9 on Windows")
def test_a_session_of_500_steps_survives_signal_9(log: Log) -> None:
    command = [sys.executable, "-c", CURATOR, str(log.file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as curator:
        assert curator.stdout is not None
        said = [int(curator.stdout.readline()) for _ in range(500)]
        time.sleep(0.003)  # somewhere in the middle of the next steps
        curator.send_signal(signal.SIGKILL)
        said += [int(line) for line in curator.stdout]
    kept = replay(START_600, log.read()).labels
    assert len(said) >= 500
    # Every step that was reported is there, and at most one more, which was in flight.
    assert len(said) <= len(kept) <= len(said) + 1
    assert set(said) <= set(kept)
    after = curate(log, START_600, CurationStep("undo", "ada"))
    assert len(after.labels) == len(kept) - 1


START_600 = sorted_state(np.arange(600, dtype=np.int32))
