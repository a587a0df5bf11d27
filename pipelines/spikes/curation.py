"""Curating sorted units by hand: steps, and the units that they lead to.

What a curator sees is the replay of all steps over the sorting, which itself is never changed.
Undo and redo are steps too, so they reach over sessions, and nothing is deleted. Needs numpy
only.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError, ParameterError
from pipelines.provenance import now

Action = Literal["label", "merge", "split", "remove", "restore", "undo", "redo"]
ACTIONS = get_args(Action)
Spikes = NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """One thing that a curator did.

    Attributes:
        action: what.
        author: who.
        units: whom it concerns.
        label: of a label step; empty takes the label away.
        spikes: of a split, the parts that leave the unit; of a removal, one part. Numbers are
            places in the sorting's `spikes.npz`.
        made: numbers of the units that come to be: of a merge one, of a split one for each part
            and one for the rest. They are given when the step is logged and never given again.
        reason: why, in the curator's words or those of the proposal that was taken.
        time: in UTC.
    """

    action: Action
    author: str
    units: tuple[int, ...] = ()
    label: str = ""
    spikes: tuple[tuple[int, ...], ...] = ()
    made: tuple[int, ...] = ()
    reason: str = ""
    time: str = field(default_factory=now)

    def to_json(self) -> str:
        """The step as a line of the log."""
        values = {name: value for name, value in vars(self).items() if value or name == "label"}
        return json.dumps(values, ensure_ascii=False)


@dataclass(frozen=True)
class State:
    """The units after some steps.

    Attributes:
        unit_id: the unit of every spike, also of removed ones, shape (spike,).
        removed: which spikes were taken out of their unit, shape (spike,).
        units: the units that are there.
        labels: what the curator called them; units without a label are absent.
        done: the steps that count.
        undone: the steps that redo would bring back, the last one first.
        next_unit: the number that the next new unit gets.
    """

    unit_id: NDArray[np.int32]
    removed: NDArray[np.bool_]
    units: frozenset[int]
    labels: Mapping[int, str]
    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()
    next_unit: int = 0

    def spikes_of(self, unit: int) -> Spikes:
        """Places of a unit's spikes in the sorting, without removed ones."""
        return np.flatnonzero((self.unit_id == unit) & ~self.removed)

    def removed_of(self, unit: int) -> Spikes:
        """Places of the spikes that were taken out of a unit."""
        return np.flatnonzero((self.unit_id == unit) & self.removed)


def sorted_state(unit_id: NDArray[np.int32]) -> State:
    """The units as they were sorted.

    Args:
        unit_id: the unit of every spike, shape (spike,).
    """
    units = frozenset(np.unique(unit_id).tolist())
    return State(
        unit_id, np.zeros(len(unit_id), bool), units, {}, next_unit=max(units, default=-1) + 1
    )


def replay(start: State, steps: Sequence[Step]) -> State:
    """The units after all steps.

    Args:
        start: from `sorted_state`.
        steps: of a log, undo and redo among them.

    Raises:
        InputError: a step does not fit the units; it is named by its place.
    """
    done, undone = effective(steps)
    state = start
    for number, step in done:
        try:
            state = changed(state, step)
        except ParameterError as error:
            raise InputError(
                f"Step {number} of the curation does not fit this sorting: {error}"
            ) from None
    made = [unit for step in steps for unit in step.made]
    return replace(
        state,
        done=tuple(step for _, step in done),
        undone=tuple(step for _, step in undone),
        next_unit=max([start.next_unit, *(unit + 1 for unit in made)]),
    )


def changed(state: State, step: Step) -> State:
    """The units after one more step, which is neither undo nor redo.

    Raises:
        ParameterError: it cannot be done.
    """
    return _CHANGES[step.action](state, step)


def effective(
    steps: Sequence[Step],
) -> tuple[list[tuple[int, Step]], list[tuple[int, Step]]]:
    """Which steps count and which are undone, each with its place from 1."""
    done: list[tuple[int, Step]] = []
    undone: list[tuple[int, Step]] = []
    for number, step in enumerate(steps, 1):
        if step.action == "undo":
            if done:
                undone.append(done.pop())
        elif step.action == "redo":
            if undone:
                done.append(undone.pop())
        else:
            done.append((number, step))
            undone.clear()
    return done, undone


def _label(state: State, step: Step) -> State:
    labels = dict(state.labels)
    for unit in _known(state, step.units):
        labels.pop(unit, None)
        if step.label:
            labels[unit] = step.label
    return replace(state, labels=labels)


def _merge(state: State, step: Step) -> State:
    units = _known(state, step.units)
    if len(set(units)) < 2:
        raise ParameterError("A merge needs two different units.")
    (new,) = step.made
    unit_id = np.where(np.isin(state.unit_id, units), np.int32(new), state.unit_id)
    said = {state.labels.get(unit) for unit in units}
    return _with_units(state, unit_id, units, {new: said.pop()} if len(said) == 1 else {new: None})


def _split(state: State, step: Step) -> State:
    unit = _one(state, step)
    whole = state.spikes_of(unit)
    unit_id = np.where(state.unit_id == unit, np.int32(step.made[-1]), state.unit_id)
    chosen = [_spikes_of_step(part, whole, unit) for part in step.spikes]
    if not chosen or sum(map(len, chosen)) >= len(whole):
        raise ParameterError(f"A split of unit {unit} must leave spikes on both sides.")
    if len(np.unique(np.concatenate(chosen))) < sum(map(len, chosen)):
        raise ParameterError(f"The parts that unit {unit} is split into overlap.")
    for part, new in zip(chosen, step.made[:-1], strict=True):
        unit_id[part] = new
    return _with_units(state, unit_id, (unit,), dict.fromkeys(step.made))


def _with_units(
    state: State,
    unit_id: NDArray[np.int32],
    gone: Sequence[int],
    new: Mapping[int, str | None],
) -> State:
    labels = {unit: label for unit, label in state.labels.items() if unit not in gone}
    labels |= {unit: label for unit, label in new.items() if label}
    units = (state.units - set(gone)) | set(new)
    return replace(state, unit_id=unit_id, units=units, labels=labels)


def _remove(state: State, step: Step) -> State:
    unit = _one(state, step)
    whole = state.spikes_of(unit)
    gone = _spikes_of_step([spike for part in step.spikes for spike in part], whole, unit)
    if not 0 < len(gone) < len(whole):
        raise ParameterError(f"Some but not all spikes of unit {unit} can be removed.")
    removed = state.removed.copy()
    removed[gone] = True
    return replace(state, removed=removed)


def _restore(state: State, step: Step) -> State:
    removed = state.removed.copy()
    for unit in _known(state, step.units):
        back = state.removed_of(unit)
        if not len(back):
            raise ParameterError(f"No spike was removed from unit {unit}.")
        removed[back] = False
    return replace(state, removed=removed)


def _known(state: State, units: Sequence[int]) -> Sequence[int]:
    if not units:
        raise ParameterError("Say which unit: choose one first.")
    for unit in units:
        if unit not in state.units:
            raise ParameterError(f"There is no unit {unit}: it was merged, split, or never there.")
    return units


def _one(state: State, step: Step) -> int:
    units = _known(state, step.units)
    if len(units) > 1:
        raise ParameterError("Choose one unit for this.")
    return units[0]


def _spikes_of_step(part: Sequence[int], whole: Spikes, unit: int) -> Spikes:
    chosen = np.asarray(part, dtype=np.int64)
    if not len(chosen) or not np.isin(chosen, whole).all():
        raise ParameterError(f"Only spikes of unit {unit} can be taken out of it.")
    return chosen


_CHANGES = {
    "label": _label,
    "merge": _merge,
    "split": _split,
    "remove": _remove,
    "restore": _restore,
}
