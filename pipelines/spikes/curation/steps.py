"""Curating sorted units by hand: steps, and the units that they lead to.

What a curator sees is the replay of all steps over the sorting, which itself is never changed.
Undo and redo are steps too, so they reach over sessions, and nothing is deleted.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.core.errors import InputError, ParameterError
from pipelines.core.provenance import now

Action = Literal["label", "merge", "split", "remove", "restore", "undo", "redo"]
ACTIONS = get_args(Action)
Spikes = NDArray[np.int64]
Value = TypeVar("Value")
NO_SPIKES: Spikes = np.empty(0, np.int64)
MOST_KEPT = 20
"""States that `Replay` keeps, so that undo is quick; they share what did not change."""


@dataclass(frozen=True)
class CurationStep:
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


@dataclass(frozen=True, eq=False)
class CurationState:
    """The units after some steps.

    Spikes are named by their places in the sorting, in ascending order, shape (spike,).

    Attributes:
        kept: the spikes of every unit that was not merged or split away, without removed ones.
        out: those that were taken out of a unit; of units that lack some.
        units: the units that are there.
        labels: what the curator called them; units without a label are absent.
        done: the steps that count.
        undone: the steps that redo would bring back, the last one first.
        next_unit: the number that the next new unit gets.
    """

    kept: Mapping[int, Spikes]
    out: Mapping[int, Spikes]
    units: frozenset[int]
    labels: Mapping[int, str]
    done: tuple[CurationStep, ...] = ()
    undone: tuple[CurationStep, ...] = ()
    next_unit: int = 0

    def spikes_of(self, unit: int) -> Spikes:
        """Places of a unit's spikes in the sorting, without removed ones, shape (spike,)."""
        return self.kept.get(unit, NO_SPIKES)

    def removed_of(self, unit: int) -> Spikes:
        """Places of the spikes that were taken out of a unit, shape (spike,)."""
        return self.out.get(unit, NO_SPIKES)

    def without(self, unit: int, spikes: Spikes) -> "CurationState":
        """The units after some of a unit's spikes, shape (spike,), were taken out of it."""
        left = np.setdiff1d(self.kept[unit], spikes, assume_unique=True)
        out = np.union1d(self.removed_of(unit), spikes)
        return replace(self, kept={**self.kept, unit: left}, out={**self.out, unit: out})

    @cached_property
    def unit_id(self) -> NDArray[np.int32]:
        """The unit of every spike, also of removed ones, shape (spike,)."""
        units = [*self.kept.items(), *self.out.items()]
        found = np.empty(sum(len(places) for _, places in units), np.int32)
        for unit, places in units:
            found[places] = unit
        return found

    @cached_property
    def removed(self) -> NDArray[np.bool_]:
        """Which spikes were taken out of their unit, shape (spike,)."""
        found = np.ones(len(self.unit_id), bool)
        for places in self.kept.values():
            found[places] = False
        return found


def sorted_state(unit_id: NDArray[np.int32]) -> CurationState:
    """The units as they were sorted.

    Args:
        unit_id: the unit of every spike, shape (spike,).
    """
    units, counts = np.unique(unit_id, return_counts=True)
    places = np.split(np.argsort(unit_id, kind="stable"), np.cumsum(counts)[:-1])
    kept = dict(zip(units.tolist(), places, strict=False))  # no units, but one empty part
    return CurationState(kept, {}, frozenset(kept), {}, next_unit=max(kept, default=-1) + 1)


class Replay:
    """Does steps over a sorting, and does not do again those that it has done before."""

    def __init__(self, start: CurationState) -> None:
        """Begin with the units as they are before any step, from `sorted_state`."""
        self.start = start
        self._path: Sequence[int] = ()
        self._known: Mapping[int, CurationState] = {}
        """By how many steps of the path lead to it."""

    def after(self, steps: Sequence[CurationStep]) -> CurationState:
        """The units after all steps of a log, undo and redo among them.

        Args:
            steps: those of the call before, and what was added to them.

        Raises:
            InputError: a step does not fit the units; it is named by its place.
        """
        done, undone = effective(steps)
        path = [number for number, _ in done]
        common = _common(self._path, path)
        known = {length: state for length, state in self._known.items() if length <= common}
        length, state = max(known.items(), default=(0, self.start), key=lambda item: item[0])
        for number, step in done[length:]:
            state, length = _fitting(state, step, number), length + 1
            known[length] = state
        self._path, self._known = path, dict(sorted(known.items())[-MOST_KEPT:])
        made = [unit for step in steps for unit in step.made]
        return replace(
            state,
            done=tuple(step for _, step in done),
            undone=tuple(step for _, step in undone),
            next_unit=max([self.start.next_unit, *(unit + 1 for unit in made)]),
        )


def _common(one: Sequence[int], two: Sequence[int]) -> int:
    """How many numbers two sequences have in common at their beginning."""
    pairs = enumerate(zip(one, two, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(two)))


def _fitting(state: CurationState, step: CurationStep, number: int) -> CurationState:
    try:
        return changed(state, step)
    except ParameterError as error:
        raise InputError(
            f"Step {number} of the curation does not fit this sorting: {error}"
        ) from None


def replay(start: CurationState, steps: Sequence[CurationStep]) -> CurationState:
    """The units after all steps.

    Args:
        start: from `sorted_state`.
        steps: of a log, undo and redo among them.

    Raises:
        InputError: a step does not fit the units; it is named by its place.
    """
    return Replay(start).after(steps)


def changed(state: CurationState, step: CurationStep) -> CurationState:
    """The units after one more step, which is neither undo nor redo.

    Raises:
        ParameterError: it cannot be done.
    """
    return _CHANGES[step.action](state, step)


def effective(
    steps: Sequence[CurationStep],
) -> tuple[list[tuple[int, CurationStep]], list[tuple[int, CurationStep]]]:
    """Which steps count and which are undone, each with its place from 1."""
    done: list[tuple[int, CurationStep]] = []
    undone: list[tuple[int, CurationStep]] = []
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


def _label(state: CurationState, step: CurationStep) -> CurationState:
    labels = dict(state.labels)
    for unit in _known(state, step.units):
        labels.pop(unit, None)
        if step.label:
            labels[unit] = step.label
    return replace(state, labels=labels)


def _merge(state: CurationState, step: CurationStep) -> CurationState:
    units = _known(state, step.units)
    if len(set(units)) < 2:
        raise ParameterError("A merge needs two different units.")
    (new,) = step.made
    kept, out = ({new: _joined(_of(places, units))} for places in (state.kept, state.out))
    said = {state.labels.get(unit) for unit in units}
    label = said.pop() if len(said) == 1 else None
    return _instead(state, units, kept, out, {new: label} if label else {})


def _split(state: CurationState, step: CurationStep) -> CurationState:
    unit = _one(state, step)
    whole = state.spikes_of(unit)
    chosen = [_spikes_of_step(part, whole, unit) for part in step.spikes]
    if not chosen or sum(map(len, chosen)) >= len(whole):
        raise ParameterError(f"A split of unit {unit} must leave spikes on both sides.")
    leaving = np.concatenate(chosen)
    if len(np.unique(leaving)) < len(leaving):
        raise ParameterError(f"The parts that unit {unit} is split into overlap.")
    parts = [*map(np.sort, chosen), np.setdiff1d(whole, leaving, assume_unique=True)]
    kept = dict(zip(step.made, parts, strict=True))
    return _instead(state, (unit,), kept, {step.made[-1]: state.removed_of(unit)}, {})


def _instead(
    state: CurationState,
    gone: Sequence[int],
    kept: Mapping[int, Spikes],
    out: Mapping[int, Spikes],
    labels: Mapping[int, str],
) -> CurationState:
    """The units with some new ones in the place of others."""
    return replace(
        state,
        kept={**_but(state.kept, gone), **kept},
        out={
            **_but(state.out, gone),
            **{unit: places for unit, places in out.items() if len(places)},
        },
        units=(state.units - set(gone)) | set(kept),
        labels={**_but(state.labels, gone), **labels},
    )


def _remove(state: CurationState, step: CurationStep) -> CurationState:
    unit = _one(state, step)
    whole = state.spikes_of(unit)
    gone = _spikes_of_step([spike for part in step.spikes for spike in part], whole, unit)
    if not 0 < len(gone) < len(whole):
        raise ParameterError(f"Some but not all spikes of unit {unit} can be removed.")
    return state.without(unit, gone)


def _restore(state: CurationState, step: CurationStep) -> CurationState:
    units = _known(state, step.units)
    for unit in units:
        if not len(state.removed_of(unit)):
            raise ParameterError(f"No spike was removed from unit {unit}.")
    whole = {unit: _joined([state.kept[unit], state.out[unit]]) for unit in units}
    return replace(state, kept={**state.kept, **whole}, out=_but(state.out, units))


def _joined(parts: Iterable[Spikes]) -> Spikes:
    """In ascending order; a stable sort of sorted parts only merges them."""
    return np.sort(np.concatenate([NO_SPIKES, *parts]), kind="stable")


def _of(places: Mapping[int, Spikes], units: Iterable[int]) -> list[Spikes]:
    return [places[unit] for unit in dict.fromkeys(units) if unit in places]


def _but(values: Mapping[int, Value], units: Iterable[int]) -> dict[int, Value]:
    left = dict(values)
    for unit in units:
        left.pop(unit, None)
    return left


def _known(state: CurationState, units: Sequence[int]) -> Sequence[int]:
    if not units:
        raise ParameterError("Say which unit: choose one first.")
    for unit in units:
        if unit not in state.units:
            raise ParameterError(f"There is no unit {unit}: it was merged, split, or never there.")
    return units


def _one(state: CurationState, step: CurationStep) -> int:
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
