"""SECURITY.md promises what tests hold."""

import ast
import re
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.test_architecture import imported, modules

TEXT = (REPOSITORY / "SECURITY.md").read_text("utf-8")
PROMISES = [
    line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| promise")
]
ASKING = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "fsspec", "ftplib"}


def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_tests_and_they_exist() -> None:
    promises = [line for line in PROMISES if not line.startswith("| ---")]
    assert len(promises) > 20
    for line in promises:
        names = re.findall(r"`([\w/]+\.py)::(\w+)`", line)
        scripts = re.findall(r"`(\.ci/\w+)`", line)
        assert names or scripts, line
        assert all((REPOSITORY / script).is_file() for script in scripts), line
        for file, name in names:
            assert name in functions_of(REPOSITORY / "tests" / file), (file, name)


def test_all_tests_that_are_named_anywhere_in_it_exist() -> None:
    for file, name in re.findall(r"([\w/]+\.py)::(\w+)", TEXT):
        assert name in functions_of(REPOSITORY / "tests" / file), (file, name)


def test_it_is_linked_and_names_what_there_is() -> None:
    assert "(SECURITY.md)" in (REPOSITORY / "README.md").read_text("utf-8")
    assert "@" not in TEXT.replace("@media", "")  # no address that nobody reads
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (REPOSITORY / target).exists(), target
    settings = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")
    for name in re.findall(r"NEUROBOARD_\w+", TEXT):
        assert f"`{name}`" in settings


def test_one_module_asks_other_sites() -> None:
    asking = {
        file.relative_to(REPOSITORY).as_posix()
        for file in [REPOSITORY / "app.py", *modules("dashboard"), *modules("pipelines")]
        for name in imported(file)
        if any(name == one or name.startswith(f"{one}.") for one in ASKING)
    }
    assert asking == {"pipelines/models/hub.py"}


def test_a_host_that_is_no_laptop_asks_for_the_token_also_on_this_machine() -> None:
    """What SECURITY.md advises where other people have accounts."""
    from dashboard.server.security import asks_for_token
    from dashboard.server.settings import Settings

    assert asks_for_token(Settings(Path("home"), host="127.1"))
    assert not asks_for_token(Settings(Path("home")))
