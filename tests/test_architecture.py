"""The rules of the house, held by tests."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
WEB = {"dash", "flask", "plotly", "dash_mantine_components", "dash_ag_grid", "werkzeug"}
HEAVY = ("sklearn", "umap", "hdbscan", "spikeinterface", "numba")


def modules(folder: str) -> list[Path]:
    return sorted((REPOSITORY / folder).rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("file", modules("pipelines"), ids=lambda path: path.stem)
def test_pipelines_know_nothing_of_the_web(file: Path) -> None:
    tops = {name.split(".")[0] for name in imported(file)}
    assert not tops & (WEB | {"dashboard", "app"})


def test_the_dashboard_does_not_import_the_app() -> None:
    for file in modules("dashboard"):
        assert "app" not in {name.split(".")[0] for name in imported(file)}, file


def test_graphs_are_made_in_one_place_so_that_none_lacks_the_configuration() -> None:
    makers = [file for file in modules("dashboard") if "dcc.Graph(" in file.read_text("utf-8")]
    assert [file.name for file in makers] == ["figures.py"]


OPENING = {
    "np.load", "json.load", "imread", "read_csv", "read_table", "read_units", "read_arrays",
    "opened_arrays",
}  # fmt: skip
STILL_OPENED = {"sets.py", "results.py"}
"""A person's own sets of synapses, which are no result, and `run.json` of any job."""


def opened(file: Path) -> Iterator[str]:
    """What a module opens itself: tables, arrays, pictures, and JSON that it reads from a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            parsed = called == "json.loads" and "read_text" in ast.unparse(node)
            if parsed or {called, called.rpartition(".")[2]} & OPENING:
                yield ast.unparse(node)


@pytest.mark.parametrize("file", modules("dashboard"), ids=lambda path: path.stem)
def test_the_dashboard_opens_no_file_of_a_result_itself(file: Path) -> None:
    assert file.name in STILL_OPENED or list(opened(file)) == []


def test_the_share_button_is_off() -> None:
    from dashboard.kit.figures import GRAPH_CONFIG

    assert "sendChartToCloud" in GRAPH_CONFIG["modeBarButtonsToRemove"]
    assert GRAPH_CONFIG["plotlyServerURL"] == ""


def test_the_strict_plotly_js_is_the_one_that_the_python_package_speaks_to() -> None:
    from plotly.offline import get_plotlyjs_version

    with (REPOSITORY / "assets" / "plotly" / "plotly-strict.min.js").open("rb") as script:
        head = script.read(300)
    assert f"plotly.js (strict - minified) v{get_plotlyjs_version()}".encode() in head


def test_the_web_process_does_not_import_heavy_libraries() -> None:
    found = f"[name for name in {HEAVY!r} if name in sys.modules]"
    code = f"import sys, app, dashboard.application; print({found})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_workers_do_without_the_web_app() -> None:
    """Each would take 1.6 s of processor time for it before the first job, and 60 MB."""
    code = (
        "import sys, dashboard.jobs.child, dashboard.jobs.worker\n"
        f"print(sorted({WEB!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_what_only_names_steps_starts_without_the_libraries_of_tables() -> None:
    """pandas takes 0.4 s of processor time, before which the app listens and starts its worker."""
    code = (
        "import sys, app, dashboard.jobs.worker\n"
        "print(sorted({'pandas', 'pyarrow', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_setting_is_documented() -> None:
    from dataclasses import fields

    from dashboard.server.settings import Settings

    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [
        item.name for item in fields(Settings) if f"`NEUROBOARD_{item.name.upper()}`" not in text
    ] == []


def test_every_parameter_has_a_label_and_a_help() -> None:
    from pipelines.steps import STEPS

    for task in STEPS.values():
        for name, field in task.parameters.model_fields.items():
            assert field.title, (task.name, name)
            assert field.description, (task.name, name)


def test_no_asset_or_page_names_an_outside_address() -> None:
    for file in [*(REPOSITORY / "assets").glob("*.[jc]s*"), *modules("dashboard")]:
        text = file.read_text(encoding="utf-8")
        for line in text.splitlines():
            outside = "https://" in line or "http://" in line
            allowed = "doi.org" in line or "web.dev" in line or "127.0.0.1" in line
            assert not outside or allowed, (file.name, line)
