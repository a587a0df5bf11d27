"""What is installed is what was tested, and is what requirements.txt asks for."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

LOCKS = ("requirements.lock", "requirements-dev.lock")
ENVIRONMENTS = [
    {"sys_platform": platform, "python_version": python, "python_full_version": f"{python}.0"}
    for platform in ("linux", "darwin", "win32")
    for python in ("3.11", "3.12", "3.13")
]


@dataclass(frozen=True)
class Locked:
    """One entry of a lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (only,) = self.requirement.specifier
        assert only.operator == "=="
        return only.version

    def holds(self, environment: dict[str, str]) -> bool:
        marker = self.requirement.marker
        return marker is None or marker.evaluate(environment)


def locked(name: str) -> list[Locked]:
    text = (REPOSITORY / name).read_text("utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    hashes = [tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", line)) for line in lines]
    return [
        Locked(Requirement(line.partition("--hash")[0]), known)
        for line, known in zip(lines, hashes, strict=True)
    ]


def required(file: Path) -> list[Requirement]:
    """The requirements that a file states, with those of files that it names."""
    found: list[Requirement] = []
    for line in file.read_text("utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += required(file.with_name(text.removeprefix("-r ")))
        elif text:
            found.append(Requirement(text))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_one_version_and_hashes(lock: str) -> None:
    entries = locked(lock)
    assert len(entries) > 70
    for entry in entries:
        assert entry.version
        assert entry.hashes, entry.name
    for environment in ENVIRONMENTS:
        names = [entry.name for entry in entries if entry.holds(environment)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda one: "-".join(one.values()))
def test_a_lock_has_what_is_required(lock: str, environment: dict[str, str]) -> None:
    """`make lock` brings it up to date."""
    versions = {entry.name: entry.version for entry in locked(lock) if entry.holds(environment)}
    stated = required(REPOSITORY / lock.replace(".lock", ".txt"))
    assert len(stated) > 25
    for one in stated:
        if one.marker is None or one.marker.evaluate(environment):
            assert one.specifier.contains(versions[canonicalize_name(one.name)]), one


def test_what_is_tested_is_what_runs() -> None:
    """The lock for tests only adds to the other."""
    run, tested = (
        {str(entry.requirement): entry.hashes for entry in locked(name)} for name in LOCKS
    )
    assert run.items() <= tested.items()


def test_every_requirement_states_its_licence_and_both_ends() -> None:
    for line in (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#") and "sys_platform" not in line:
            assert re.search(r"# \S+", line), line
            assert re.search(r">=\S+,<|==\S+\*", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_for_graphics_cards_comes_in(lock: str) -> None:
    """350 MB that nothing here uses; see the comment at xgboost-cpu."""
    for environment in ENVIRONMENTS:
        names = {entry.name for entry in locked(lock) if entry.holds(environment)}
        assert not [name for name in names if name.startswith(("torch", "nvidia", "triton"))]
        assert ("xgboost" in names) == (environment["sys_platform"] == "darwin")
        assert ("xgboost-cpu" in names) == (environment["sys_platform"] != "darwin")


def test_only_locks_are_installed() -> None:
    """By `make run`, in the container and where the guides say how."""
    for name in ("Makefile", "README.md", "docs/server.md", "docs/server/Dockerfile"):
        text = (REPOSITORY / name).read_text("utf-8")
        installed = re.findall(r"(?:pip install|INSTALL\))[^\n]* -r (\S+?)`?(?:\s|$)", text)
        assert installed, name
        assert all(file in LOCKS for file in installed), (name, installed)
    assert "--require-hashes" in (REPOSITORY / "Makefile").read_text("utf-8")
