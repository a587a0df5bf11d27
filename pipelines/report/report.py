"""Writes the report of a workspace's runs: the same runs and words give the same bytes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.core.errors import InputError, NeuroboardError
from pipelines.core.progress import Report
from pipelines.files.reading import reading
from pipelines.report import page
from pipelines.report.answers import ANSWERS, answer
from pipelines.report.methods import Said, cited, software
from pipelines.report.parameters import ReportParameters
from pipelines.report.report_file import FILE
from pipelines.report.runs import ReportedRun, file_name, read_runs, settings

Runs = Sequence[ReportedRun]


@dataclass(frozen=True)
class ReportPart:
    """A part of a report.

    Attributes:
        title: above it.
        draw: its parts as HTML.
    """

    title: str
    draw: Callable[[], Iterable[str]]


@dataclass(frozen=True)
class ReportSubject:
    """What the report of one pipeline has of its own.

    Attributes:
        sentences: what each step did, by its name.
        sections: figures and tables of runs.
        packages: on which its numbers depend.
        withheld: why a verdict that one may look for is not there; empty if none is missing.
    """

    sentences: Mapping[str, Callable[[ReportedRun], list[Said]]]
    sections: Callable[[Runs], Iterable[ReportPart]]
    packages: tuple[str, ...]
    withheld: str = ""


def write(
    subject: ReportSubject,
    inputs: Mapping[str, Path],
    parameters: ReportParameters,
    folder: Path,
    report: Report,
) -> dict[str, Any]:
    """Write `report.html`.

    Args:
        subject: whose runs they are.
        inputs: folders of results, the one first that the report is named after.
        parameters: title, notes and so on.
        folder: an existing, empty folder.
        report: told what happens.

    Returns:
        `n_runs`, and `notes`: parts that could not be drawn.

    Raises:
        InputError: a folder is no result of a step of one pipeline.
    """
    runs = read_runs(inputs, parameters)
    lost: list[str] = []
    title = parameters.title or _named(runs)
    parts = [*_head(title, runs, parameters), *_withheld(subject)]
    with _reading(runs[0]):
        sections = list(subject.sections(runs))
    for place, section in enumerate(sections):
        report(0.1 + 0.8 * place / len(sections), f"Drawing: {section.title}")
        parts += _drawn(section, runs[0], lost)
    parts += [*_methods(subject, runs), *_runs(runs, parameters), *_inputs(runs), *_versions(runs)]
    text = page.document(title, parts, page.STYLE + page.PRINTED, page.WITH_PICTURES)
    (folder / FILE).write_text(text, encoding="utf-8", errors="backslashreplace")
    return {"n_runs": len(runs), "notes": lost}


def methods(subject: ReportSubject, runs: Runs) -> list[Said]:
    """All sentences of the methods paragraph, each once."""
    found = [sentence for run in runs for sentence in _sentences(subject, run)]
    versions = {name: one for run in reversed(runs) for name, one in run.versions.items()}
    found.append(software(versions, subject.packages))
    return [one for one in dict.fromkeys(found) if one.text]


def _sentences(subject: ReportSubject, run: ReportedRun) -> list[Said]:
    """What a run did; of one whose record or files are damaged, that they are."""
    if run.task not in subject.sentences:
        return []
    try:
        with _reading(run):
            return subject.sentences[run.task](run)
    except NeuroboardError as error:
        sentence = _without_place(error.sentence, run)
        return [Said(f"What the run {run.name} did cannot be told: {sentence}")]


def _without_place(sentence: str, run: ReportedRun) -> str:
    """A report is handed on: where it was made is no part of it."""
    return sentence.replace(str(run.folder), f"the run {run.name}")


def _reading(run: ReportedRun) -> Any:
    """Whatever is wrong with a result becomes one sentence."""
    return reading(run.folder, InputError, "run the step again", "result")


def said_by(runs: Runs) -> str:
    """What the most telling of runs says."""
    for task in ANSWERS:
        for run in runs:
            if run.task == task and (text := answer(task, run.results)):
                return text
    return ""


def _named(runs: Runs) -> str:
    names = [file_name(str(one["path"])) for run in runs for one in run.inputs]
    return next((name for name in names if not name.startswith("result of ")), runs[0].step.title)


def _head(title: str, runs: Runs, parameters: ReportParameters) -> Iterator[str]:
    yield f"<main><h1>{escape(title)}</h1>"
    if text := said_by(runs):
        yield page.paragraph(f"{text}.", "answer")
    if parameters.about:
        yield page.paragraph(parameters.about, "lines prose")
    for note in dict.fromkeys(note for run in runs for note in run.notes):
        yield page.paragraph(note, "note")


def _withheld(subject: ReportSubject) -> Iterator[str]:
    if subject.withheld:
        yield page.paragraph(subject.withheld, "quiet")


def _drawn(section: ReportPart, run: ReportedRun, lost: list[str]) -> list[str]:
    """A section; one that cannot be drawn says why and leaves the others alone."""
    try:
        with _reading(run):
            parts = list(section.draw())
    except NeuroboardError as error:
        sentence = _without_place(error.sentence, run)
        lost.append(f"{section.title}: {sentence}")
        parts = [page.paragraph(sentence, "note")]
    return [f"<section><h2>{escape(section.title)}</h2>", *parts, "</section>"] if parts else []


def _methods(subject: ReportSubject, runs: Runs) -> Iterator[str]:
    sentences = methods(subject, runs)
    yield "<section><h2>Methods</h2>"
    yield page.paragraph(" ".join(one.text for one in sentences), "prose methods")
    rows = cited(sentences)
    if rows:
        yield "<h2>References</h2><ol class='references prose'>"
        for row in rows:
            doi = f" doi:{row.doi}" if row.doi else ""
            yield f"<li>{escape(row.full + doi)}</li>"
        yield "</ol>"
    yield "</section>"


def _runs(runs: Runs, parameters: ReportParameters) -> Iterator[str]:
    yield "<section><h2>Runs and their parameters</h2>"
    yield page.paragraph("Values in bold differ from the default.", "quiet")
    for run in runs:
        yield f"<h3>{escape(run.step.title)}, run {escape(run.name)}</h3>"
        yield page.paragraph(f"Started {run.started}, took {run.seconds:.1f} s.", "quiet")
        if run.note:
            yield page.paragraph(run.note, "note lines")
        yield from _settings(run)
    for text in parameters.also:
        yield page.paragraph(text, "note lines")
    yield "</section>"


def _settings(run: ReportedRun) -> Iterator[str]:
    rows = [
        f"<tr><th scope='row'>{escape(one.label)}</th>"
        f"<td class='words{' changed' if one.changed else ''}'>{escape(one.value)}</td>"
        f"<td class='words'>{escape(one.default) if one.changed else ''}</td></tr>"
        for one in settings(run)
    ]
    if not rows:
        yield page.paragraph("It takes no parameters.", "quiet")
        return
    head = "<tr><th scope='col'>parameter</th><th scope='col'>value</th>"
    yield (
        f"<div class='wide settings' tabindex='0'><table>{head}<th scope='col'>default</th></tr>"
        f"{''.join(rows)}</table></div>"
    )


def _inputs(runs: Runs) -> Iterator[str]:
    rows = [
        {
            "run": run.name,
            "input": str(one["name"]),
            "file": file_name(str(one["path"])),
            "bytes": f"{one.get('size', 0):,}",
            "sha256": str(one.get("sha256", "")),
        }
        for run in runs
        for one in run.inputs
    ]
    yield "<section><h2>Inputs</h2>"
    names = ("run", "input", "file", "bytes", "sha256")
    yield page.table(pd.DataFrame(rows, columns=list(names)), dict(zip(names, names, strict=True)))
    yield "</section>"


def _versions(runs: Runs) -> Iterator[str]:
    names = dict.fromkeys(name for run in runs for name in run.versions)
    rows = [
        {
            "software": name,
            "version": ", ".join(
                dict.fromkeys(run.versions[name] for run in runs if name in run.versions)
            ),
        }
        for name in names
    ]
    yield "<section><h2>Versions</h2>"
    columns = {"software": "software", "version": "version"}
    yield page.table(pd.DataFrame(rows, columns=list(columns)), columns)
    yield "</section></main>"
