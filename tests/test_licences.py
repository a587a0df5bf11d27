"""docs/licences.md is what the installed packages say, and none of it is the GPL."""

import re
import sys
from importlib.metadata import PackageNotFoundError, files, version

import pytest
from packaging.utils import canonicalize_name

from docs import licences

LOCKED = licences.packages(licences.REPOSITORY / "requirements-dev.lock")
TEXT = licences.FILE.read_text("utf-8")
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| (\S+) \| (\d\S*) \| ([^|]+) \|", TEXT, re.M)}
CONDITIONS = re.compile(r"MPL|LGPL|EUPL|CDDL|EPL|CC-BY|OSL")
NO_GPL = re.compile(r"(?<!L)GPL(?!-3.0-or-later WITH GCC-exception)")


def installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def test_every_package_of_the_locks_is_in_the_list_and_no_other() -> None:
    stated = {canonicalize_name(name): row[0] for name, row in ROWS.items()}
    assert stated == LOCKED


@pytest.mark.parametrize("name", [name for name in LOCKED if name not in licences.BY_HAND])
def test_a_licence_is_what_the_installed_package_says(name: str) -> None:
    if installed(name) is None:
        pytest.skip("not for this platform")
    assert ROWS[name][1] == licences.licence(name).expression


def test_licences_by_hand_are_of_packages_that_are_locked() -> None:
    assert licences.BY_HAND.keys() <= LOCKED.keys()
    assert licences.REASONS.keys() <= LOCKED.keys()


def test_no_gpl_and_a_reason_for_every_condition_on_copies() -> None:
    for name, (_, expression) in ROWS.items():
        assert not NO_GPL.search(expression), name
        assert not CONDITIONS.search(expression) or name in licences.REASONS, name
    assert not NO_GPL.search(" ".join(licences.NATIVE))


def test_the_rule_on_gpl_tells_it_from_others() -> None:
    for expression in ("GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0"):
        assert NO_GPL.search(expression)
    for expression in ("LGPL-2.1-or-later", "GPL-3.0-or-later WITH GCC-exception-3.1"):
        assert not NO_GPL.search(expression)


@pytest.mark.skipif(sys.platform != "linux", reason="the list is of wheels for Linux")
def test_every_library_inside_a_wheel_has_a_licence() -> None:
    found = {
        re.sub(r"^lib|(-[0-9a-f]{8})*\.so.*$", "", file.name)
        for name in LOCKED
        if installed(name)
        for file in files(name) or ()
        if file.parts[0].endswith(".libs")
    }
    assert len(found) > 40
    assert found <= licences.natives().keys()


def test_what_assets_ship_brings_its_licence() -> None:
    assets = licences.REPOSITORY / "assets"
    foreign = {file.name for file in assets.rglob("*") if re.search(r"\.min\.|woff|ttf", file.name)}
    assert foreign
    for name in foreign:
        (row,) = [line for line in TEXT.splitlines() if name in line]
        for file in re.findall(r"\(`(.*?)`\)", row):
            assert (licences.REPOSITORY / file).stat().st_size > 1000
