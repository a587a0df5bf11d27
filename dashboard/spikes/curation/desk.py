"""Curations in the home folder: a log per sorting and curator, known by the sorting's content.

A sorting that is made again with the same spikes finds its curation again, and the log is
there after the app, the browser or the job are gone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from dashboard.jobs.store import Job
from dashboard.server.services import services
from dashboard.server.settings import Settings
from pipelines.core.errors import InputError, ParameterError
from pipelines.core.outputs import atomic_file
from pipelines.spikes.curation.curated_units import UnitMean, averaged, unit_row
from pipelines.spikes.curation.log import LOG_FILE, Curation, Log, curate, read_start
from pipelines.spikes.curation.reviewed import Proposal, ReviewFolder
from pipelines.spikes.curation.steps import CurationState, CurationStep, Spikes
from pipelines.spikes.units.folder import read_finished
from pipelines.spikes.units.sorting import FinishedSorting

BLIND = "blind-"
KEY = re.compile(r"[0-9a-f]{16}/[0-9a-f]{64}")
ONLY_BLIND = ("label", "undo", "redo")


@dataclass(frozen=True)
class Review:
    """A finished review and the sorting that it is about; never changes.

    Attributes:
        sorting: as it was sorted.
        start: its units before any step.
        digest: of the sorting.
        found: what the review wrote.
    """

    sorting: FinishedSorting
    start: CurationState
    digest: str
    found: ReviewFolder
    _measured: dict[int, tuple[Spikes, Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """What it proposed."""
        return self.found.proposals

    @cached_property
    def judged(self) -> Mapping[int, Mapping[Any, Any]]:
        """The row of every unit that was reviewed, the most doubtful first."""
        rows = self.found.queue.to_dict("records")
        return {int(row["unit_id"]): row for row in rows}

    @cached_property
    def as_sorted(self) -> Mapping[int, Mapping[Any, Any]]:
        """How many spikes every sorted unit has, and its SNR."""
        table = self.sorting.units[["unit_id", "n_spikes", "snr"]]
        return {int(row["unit_id"]): row for row in table.to_dict("records")}

    def is_changed(self, state: CurationState, unit: int) -> bool:
        """Whether a unit does not have exactly the spikes that it was sorted with."""
        return unit not in self.as_sorted or bool(len(state.removed_of(unit)))

    def shape_of(self, state: CurationState, unit: int) -> UnitMean:
        """A unit's mean waveform; of a changed unit that of the units it came from."""
        if self.is_changed(state, unit):
            return averaged(self.sorting, state.spikes_of(unit))
        row = self.sorting.row_of(unit)
        return UnitMean(self.sorting.mean[row], self.sorting.sd[row])

    def measures_of(self, state: CurationState, unit: int) -> Mapping[str, Any]:
        """A unit's measures as they are now; they are kept until its spikes change."""
        spikes, found = self._measured.get(unit, (None, {}))
        if spikes is None or not np.array_equal(spikes, state.spikes_of(unit)):
            found = unit_row(self.sorting, state, unit, self.shape_of(state, unit))
            self._measured[unit] = state.spikes_of(unit), found
        return found


@dataclass(frozen=True)
class Desk:
    """What one curator works at.

    Attributes:
        review: what is curated.
        folder: of the sorting's curations.
        curator: whose blind labels these are, or empty for the curation itself.
    """

    review: Review
    folder: Path
    curator: str = ""

    @property
    def log(self) -> Log:
        """Where this curator's steps are kept."""
        name = f"{BLIND}{quote(self.curator, safe='')}.jsonl" if self.curator else LOG_FILE
        return Log(self.folder / name, self.review.digest)

    def shared(self) -> CurationState:
        """The units that everybody sees: the sorting with merges and splits."""
        log = Log(self.folder / LOG_FILE, self.review.digest)
        return _followed(log, self.review.start).state()

    def start(self) -> CurationState:
        """The units before this curator's steps.

        Someone who labels blind sees the units of the curation, without its labels. Units that
        were merged or split since stay known, so that labels given to them do no harm.
        """
        if not self.curator:
            return self.review.start
        shared = self.shared()
        known = self.review.start.units | set(range(shared.next_unit))
        return replace(shared, labels={}, units=known, done=(), undone=())

    def state(self) -> CurationState:
        """The units as this curator sees them now."""
        return self._seen(self._curation().state())

    def _curation(self) -> Curation:
        """Of a blind curator it begins anew each time: its start is the others' curation."""
        if self.curator:
            return Curation(self.log, self.start())
        return _followed(self.log, self.review.start)

    def _seen(self, state: CurationState) -> CurationState:
        return replace(state, units=self.shared().units) if self.curator else state

    def take(self, step: CurationStep) -> CurationState:
        """Save a step and return the units after it.

        Raises:
            NeuroboardError: it cannot be done or saved; nothing has changed.
        """
        if self.curator and step.action not in ONLY_BLIND:
            raise ParameterError("A blind curator only labels: switch blind off for this.")
        return self._seen(self._curation().take(step))


@lru_cache(maxsize=4)
def _followed(log: Log, start: CurationState) -> Curation:
    """A curation that is read on, rather than anew, by the next press."""
    return Curation(log, start)


def desk(job: Job, curator: str = "") -> Desk:
    """The desk for a finished review."""
    settings = services().settings
    found = _review(settings.jobs / job.id / "result", Path(job.inputs[0].path))
    return Desk(found, home(settings) / found.digest[:16], curator)


def curate_sorting(folder: Path, step: CurationStep) -> CurationState:
    """Save a step of the curation of a sorting, reviewed or not, and return the units after it.

    Args:
        folder: of the sorting.
        step: what is done.

    Raises:
        NeuroboardError: it cannot be done or saved; nothing has changed.
    """
    start, digest = read_start(folder)
    log = Log(home(services().settings) / digest[:16] / LOG_FILE, digest)
    return curate(log, start, step)


def home(settings: Settings) -> Path:
    """The folder of all curations."""
    return settings.home / "curation"


@lru_cache(maxsize=2)
def _review(folder: Path, sorting: Path) -> Review:
    start, digest = read_start(sorting)
    return Review(read_finished(sorting), start, digest, ReviewFolder(folder))


def forget() -> None:
    """Read sortings anew: one was told where its recording lies now."""
    _review.cache_clear()


def blind_logs(where: Desk) -> dict[str, Path]:
    """The logs of blind curators, by their names."""
    files = sorted(where.folder.glob(f"{BLIND}*.jsonl"))
    return {unquote(file.stem.removeprefix(BLIND)): file for file in files}


def snapshot(where: Desk) -> str:
    """Keep the log as it is now and return the reference of that copy.

    A job must read the same log when it is repeated, while the curation goes on.

    Raises:
        InputError: nothing was curated yet.
    """
    if not where.log.file.is_file():
        raise InputError("Nothing was curated yet: label, merge or split a unit first.")
    content = where.log.file.read_bytes()
    content = content[: content.rfind(b"\n") + 1]
    name = sha256(content).hexdigest()
    target = where.folder / "snapshots" / f"{name}.jsonl"
    if not target.exists():
        with atomic_file(target, overwrite=True) as file:
            file.write_bytes(content)
    return f"curation:{where.folder.name}/{name}"


def snapshot_file(rest: str, settings: Settings) -> Path:
    """The file of a reference made by `snapshot`.

    Raises:
        InputError: there is none.
    """
    folder, _, name = rest.partition("/")
    file = home(settings) / folder / "snapshots" / f"{name}.jsonl"
    if not KEY.fullmatch(rest) or not file.is_file():
        raise InputError("This curation is not here any more: take it from the review again.")
    return file
