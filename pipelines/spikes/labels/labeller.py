"""What a labeller of units is: everything that other parts have to know about one, in a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.core.location import imported
from pipelines.spikes.labels.metric_values import MetricTable
from pipelines.spikes.labels.thresholds import Rules, Verdict


@dataclass(frozen=True)
class Section:
    """Rules of a labeller that lead to one label.

    Attributes:
        name: in files of rules and on the page; no other section of any labeller has it.
        short: what it is called beside a limit.
        title: what a unit is that breaks one of its rules, in words.
        rules: the limits that hold when a person gives none.
        dragged: whether its limits stand in the histogram and on sliders.
        shown_with: the parameter of labelling that has to be on for it to count; empty if none.
    """

    name: str
    short: str
    title: str
    rules: Rules
    dragged: bool = True
    shown_with: str = ""


@dataclass(frozen=True)
class Asked:
    """What a labeller is asked.

    Attributes:
        table: the metrics of the units.
        rules: its own, by section.
        written: whether a person wrote them, so that none may be left out.
        split_non_somatic: whether axons are to be told from somas.
        min_metrics: the least share of a classifier's metrics that the table must have.
        bundle: a classifier that was chosen; none for the one that comes with the app.
    """

    table: MetricTable
    rules: Mapping[str, Rules]
    written: bool = False
    split_non_somatic: bool = False
    min_metrics: float = 0.5
    bundle: Path | None = None


Run = Callable[[Asked], Verdict]


@dataclass(frozen=True)
class Labeller:
    """A way to label units by their metrics.

    Attributes:
        name: on the command line, in files and in the names of columns.
        title: on the page.
        heading: above its labels in tables.
        called: in the middle of a sentence.
        about: what it goes by, for the help; no full stop.
        citation: for a methods section; `{limits}` becomes the limits that were used.
        run: says what each unit is, and why not good. May need what only workers import: then
            it is `elsewhere`.
        relabel: the same for other limits at once, without a heavy library; none if no limit
            changes its word.
        sections: its rules, none if it has no limits; one section of its own name, or several.
        details: further columns that it writes, apart from its label.
        probability: the column of the probability of its label, if it gives one.
        coarse: the sentence that says it knows only good and noise; empty if it knows mua too.
        remark: what a person has to know who changes its limits, in sentences.
        absent: what becomes of a metric that the table lacks.
        loss: what such metrics cost, if that was measured.
    """

    name: str
    title: str
    heading: str
    called: str
    about: str
    citation: str
    run: Run
    relabel: Run | None = None
    sections: tuple[Section, ...] = ()
    details: tuple[str, ...] = ()
    probability: str = ""
    coarse: str = ""
    remark: str = ""
    absent: str = "Not in the table, so not applied"
    loss: str = ""

    @property
    def column(self) -> str:
        """The column of its labels."""
        return f"label_{self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All that it writes of a unit, besides its part of the reason."""
        return (*self.details, self.column, *([self.probability] if self.probability else []))

    @property
    def is_divided(self) -> bool:
        """Whether its rules stand in sections with names of their own."""
        return bool(self.sections) and self.sections[0].name != self.name


def elsewhere(location: str) -> Run:
    """A labeller's function in a room of the workers, imported when it is called.

    Args:
        location: such as `package.module:function`.
    """

    def run(asked: Asked) -> Verdict:
        verdict: Verdict = imported(location)(asked)
        return verdict

    return run
