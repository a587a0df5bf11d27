"""What a form and the page of a step are; pages declare them, one row for each.

To give a step a page, copy a row of `page.py` of its subject (or of `spikes/benches.py`) whose
inputs are alike, name the view of its result, and name the row in `BENCHES` of that `page.py`. Its
title, its parameters and which inputs may be left out come from its row in `pipelines/steps.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from dash import Dash
from dash.development.base_component import Component
from pydantic import Field
from typing_extensions import TypedDict

from dashboard.jobs.store import Job
from dashboard.kit.switches import Switch
from pipelines.step import Step
from pipelines.steps import STEPS

View = Callable[[Job], Component]
Word = Annotated[str, Field(max_length=80)]


class Shown(TypedDict):
    """What the page of a workspace says of itself."""

    subject: Word
    workspace: Word
    tab: Word
    run: Word


@dataclass(frozen=True)
class Source:
    """One input of a bench and where it may come from.

    Attributes:
        name: what the step calls it.
        label: what the form calls it.
        help: what suits, in a sentence.
        upload: a key of `uploads.KINDS`, or empty.
        root: a key of `roots.KINDS`, or empty.
        example: a key of `EXAMPLES`, or empty.
        from_task: earlier jobs of this step are offered, or none.
        from_registry: whether the models of the registry are offered beside the jobs.
        optional: whether no job is chosen at first, and a chosen one can be taken away.
        also_from: further steps whose jobs are offered.
        several: whether more than one may be chosen; a step that takes only one runs for each.
        goes_with: another source; the newest job that was made from it is chosen at first.
    """

    name: str
    label: str
    help: str
    upload: str = ""
    root: str = ""
    example: str = ""
    from_task: str = ""
    from_registry: bool = False
    optional: bool = False
    also_from: tuple[str, ...] = ()
    several: bool = False
    goes_with: str = ""

    def split(self, reference: str) -> list[str]:
        """The references that were chosen; jobs, models and uploads have no blanks in theirs."""
        return reference.split() if self.several else [reference]


@dataclass(frozen=True)
class Preset:
    """Parameters that suit a kind of data, by its name in the field.

    Attributes:
        name: what the field calls it.
        about: what it is for, in a few words.
        values: the parameters that it sets; others of its form's presets go back to default.
        why: the reason for these values, a sentence for those who choose it.
        source: where figures in them come from.
    """

    name: str
    about: str
    values: Mapping[str, Any]
    why: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A form that starts one step.

    Attributes:
        slug: what the ids of its components begin with.
        task: the name of the step.
        run_label: what the button says.
        sources: where its inputs may come from.
        empty: what stands beside the form before there is a result.
        switch: the parameter that decides which others are shown, if one does.
        main: the few parameters that matter most; the set-up folds all others away.
        presets: sets of parameters that are chosen by a name.
        guide: the page of the guide that says more.
        built_on: what is added to the references that were chosen, for the parameters: such as an
            earlier result of which a part is taken over.
    """

    slug: str
    task: str
    run_label: str
    sources: tuple[Source, ...]
    empty: str
    switch: Switch | None = None
    main: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    guide: str = ""
    built_on: Callable[[Mapping[str, str], Mapping[str, Any]], Mapping[str, str]] | None = None

    @property
    def step(self) -> Step:
        """What it starts."""
        return STEPS[self.task]

    def source_id(self, kind: str, source: Source) -> dict[str, str]:
        """The id of one of a source's components."""
        return {"type": kind, "bench": self.slug, "name": source.name}

    def goes_without(self, source: Source) -> bool:
        """Whether what was uploaded for a source can be taken away again."""
        return bool(source.upload) and source.name in self.step.optional


@dataclass(frozen=True, kw_only=True)
class StepPage(Bench):
    """The page of one step: its form, where it stands, and what is shown of its result.

    Attributes:
        path: of the page that it is a part of.
        word: what the address calls it there.
        tab: what the bar of the page's steps calls it; empty if it does not stand there.
        view: what is shown of a finished job.
        connect: connects what can be pointed at and clicked in that, if anything can.
    """

    path: str
    word: str
    tab: str
    view: View
    connect: Callable[[Dash], None] | None = None

    @property
    def address(self) -> str:
        """Where its form is."""
        return f"{self.path}?step={self.word}"

    def edit_link(self, job_id: str) -> str:
        """Where a job's form can be changed and run again."""
        return f"{self.address}&job={job_id}"


def known_words(pages: Iterable[Bench]) -> frozenset[str]:
    """What the address of a form may say: step, job, inputs and parameters."""
    sources = (source.name for page in pages for source in page.sources)
    parameters = (name for page in pages for name in page.step.parameters.model_fields)
    return frozenset({"step", "job", *sources, *parameters})


def by_word(*pages: StepPage) -> dict[str, StepPage]:
    """Steps of a page by the word that the address has for each, in the order of the bar."""
    return {page.word: page for page in pages}


def tabs(pages: Mapping[str, StepPage]) -> dict[str, str]:
    """What the bar calls the steps of a page, by the word that the address has for each."""
    return {word: page.tab for word, page in pages.items() if page.tab}
