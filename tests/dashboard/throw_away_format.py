"""One more format, added as one row to each list of rows, and where it is then found.

Run in a process of its own: a row that is there before anything reads the rows is as good as a row
in the file. It prints a word and the answer for each place.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipelines.brainmap.formats import rows as images
from pipelines.core.formats import Format
from pipelines.spikes.recording import formats as recordings
from pipelines.spikes.units import formats as units
from pipelines.synapses.formats import rows as tables

HERE = "tests.dashboard.throw_away_format"
ROW = Format(
    "foo",
    "Foo's own",
    suffixes=(".foo",),
    ask=".foo",
    about="what Foo opens",
    then="Open it with Foo.",
    leaves={"units.foo": "all units", "map.foo": "all voxels"},
)
FILM = np.arange(60.0).reshape(5, 3, 4)


def add() -> None:
    """The rows; nothing has read those that are there."""
    image = replace(ROW, read=f"{HERE}:read_film", write=f"{HERE}:write_map")
    images.FORMATS = (*images.FORMATS, image)
    recordings.FORMATS = (*recordings.FORMATS, replace(ROW, read=f"{HERE}:read_recording"))
    tables.FORMATS = (*tables.FORMATS, replace(ROW, read=f"{HERE}:read_sheet"))
    units.SORTINGS = (*units.SORTINGS, replace(ROW, write=f"{HERE}:write_sorting"))


def read_film(path: Path, _: Any) -> Any:
    from pipelines.brainmap.images.images import ImageSeries

    values = FILM[:, None]

    def read(start: int, stop: int) -> Any:
        return iter(values[start:stop])

    return ImageSeries(path, (5, 1, 3, 4), values.dtype, read)


def read_recording(_: Path, __: Any) -> Any:
    from spikeinterface.core import NumpyRecording

    recording = NumpyRecording([np.ones((100, 2), np.int16)], 20_000.0)
    recording.set_channel_gains(1.0)
    recording.set_channel_offsets(0.0)
    return recording


def read_sheet(path: Path, _: Any) -> Any:
    import pandas as pd

    from pipelines.synapses.formats.sheets import Sheet

    return Sheet(path.name, "", pd.DataFrame({"a": [1.0]}, index=[2]))


def write_map(chosen: Any, _: Any, folder: Path) -> None:
    (folder / "map.foo").write_text(str(len(chosen.colors)), encoding="utf-8")


def write_sorting(sorting: Any, folder: Path) -> None:
    (folder / "units.foo").write_text(str(len(sorting.units)), encoding="utf-8")


def found(folder: Path) -> dict[str, Any]:
    """Where the rows are found; `folder` holds a map and a sorting."""
    lab = folder / "lab"
    lab.mkdir()
    (lab / "a.foo").write_bytes(b"foo")
    (lab / "a.bar").write_bytes(b"bar")
    return {
        **_read(lab / "a.foo"),
        **_messages(lab / "a.bar"),
        **_pages(lab),
        **_command_line(folder),
        **_results(folder),
    }


def _read(file: Path) -> dict[str, Any]:
    from pipelines.brainmap.formats.read import open_images
    from pipelines.spikes.reading.read import read_recording
    from pipelines.spikes.recording.parameters import RecordingParameters
    from pipelines.synapses.formats.reading import read_outline, read_sheet

    return {
        "film": open_images(file).shape,
        "recording": read_recording(file, RecordingParameters()).get_num_samples(),
        "sheet": list(read_sheet(file).cells),
        "outline": read_outline(file).sheets,
    }


def _messages(other: Path) -> dict[str, Any]:
    from pipelines.brainmap.formats.read import open_images
    from pipelines.core.errors import NeuroboardError
    from pipelines.spikes.reading.read import read_recording
    from pipelines.spikes.recording.parameters import RecordingParameters
    from pipelines.synapses.formats.reading import read_sheet

    said = []
    for read in (
        open_images,
        lambda path: read_recording(path, RecordingParameters()),
        lambda path: read_sheet(path.parent),
    ):
        try:
            read(other)
        except NeuroboardError as error:
            said.append(error.sentence)
    return {"messages": said}


def _pages(lab: Path) -> dict[str, Any]:
    from dashboard.brainmap import page
    from dashboard.kit import forms
    from dashboard.server import roots, uploads
    from docs import formats
    from pipelines.brainmap.map.export_parameters import MapExportParameters
    from pipelines.spikes.parameters import ExportParameters

    settings: Any = SimpleNamespace(upload_limit_mb=1, table_limit_mb=1)
    for kind in ("images", "table"):
        uploads.save(
            io.BytesIO(b"foo"), "a.foo", lab.parent / kind, uploads.KINDS[kind], settings, 3
        )
    written = (ExportParameters, MapExportParameters)
    return {
        "offered": [roots.offers([lab], kind) for kind in ("images", "recording", "table")],
        "uploaded": [(lab.parent / kind / "a.foo").is_file() for kind in ("images", "table")],
        "help": ".foo" in page.LOOK.sources[0].help,
        "choice": ["'foo'" in str(forms.form(one, "export", {})) for one in written],
        "docs": formats.page().count("Foo's own"),
    }


def _command_line(folder: Path) -> dict[str, Any]:
    said = {name: _run(name, "export", "--help") for name in ("brainmap", "spikes")}
    wrote = {
        "brainmap": _run("brainmap", "export", str(folder / "map"), "--format", "foo", "--out",
                         str(folder / "of-map")),
        "spikes": _run("spikes", "export", str(folder / "sorting"), "--format", "foo", "--out",
                       str(folder / "of-sorting")),
        "look": _run("brainmap", "look", str(folder / "lab" / "a.foo"), "--out",
                     str(folder / "looked")),
    }  # fmt: skip
    return {"usage": [", foo" in text for text in said.values()], "wrote": wrote}


def _results(folder: Path) -> dict[str, Any]:
    """What the pages of what was written say of it."""
    from dashboard import create_app, views
    from dashboard.server.services import services
    from dashboard.server.settings import Settings

    settings, said = Settings(home=folder / "home"), []
    with create_app(settings).server.app_context():
        store = services().store
        for task, result in (("spikes export", "of-sorting"), ("brainmap export", "of-map")):
            job_id = store.submit(task, {}, [], version="0")
            (settings.jobs / job_id).mkdir(parents=True)
            (settings.jobs / job_id / "result").symlink_to(folder / result)
            job = store.get(job_id)
            said.append(str(views.view(job)) if job else "")
    then, words = "Open it with Foo.", ("all units", "all voxels")
    return {
        "shown": [then in said[0], *(one in text for one, text in zip(words, said, strict=True))]
    }


def _run(*arguments: str) -> str:
    """What a command says; empty if it went well."""
    from pipelines.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main([*arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return (out.getvalue() if "--help" in arguments else "") if code == 0 else err.getvalue()


if __name__ == "__main__":
    from tests.dashboard import throw_away_format

    throw_away_format.add()
    print(json.dumps(throw_away_format.found(Path(sys.argv[1]))))
