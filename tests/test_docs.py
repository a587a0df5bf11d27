"""The files in docs name what there is."""

import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from dashboard.server.settings import PREFIX, Settings
from docs import formats, labellers, metrics
from tests.conftest import REPOSITORY

OTHERS = ("spikes batch", "spikes locate", "spikes step")
"""Commands with parsers of their own."""
SERVER = REPOSITORY / "docs" / "server"


@pytest.mark.parametrize("name", ["neuroboard.service", "compose.yaml", "Dockerfile"])
def test_only_settings_that_exist_are_set(name: str) -> None:
    text = (SERVER / name).read_text(encoding="utf-8")
    used = {word.removeprefix(PREFIX).lower() for word in re.findall(r"NEUROBOARD_[A-Z_]+", text)}
    assert used
    assert used <= {field.name for field in fields(Settings)}


def test_the_image_is_built_from_files_that_exist() -> None:
    text = (SERVER / "Dockerfile").read_text(encoding="utf-8")
    sources = re.findall(r"^COPY (\S+) ", text, re.MULTILINE)
    assert sources
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []


def test_nginx_takes_the_example(tmp_path: Path) -> None:
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    site = (SERVER / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("/etc/nginx/neuroboard", str(tmp_path))
    site = site.replace("listen 443", "listen 127.0.0.1:8443").replace(
        "listen 80", "listen 127.0.0.1:8480"
    )
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "server.key")]
    subprocess.run(
        [openssl, "req", "-x509", *key, "-out", str(tmp_path / "server.crt"), "-subj", "/CN=lab"],
        check=True,
        capture_output=True,
    )
    (tmp_path / "people").touch()
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ {site} }}"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    checked = subprocess.run(
        [nginx, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_the_tables_of_formats_are_those_of_the_rows() -> None:
    assert formats.FILE.read_text(encoding="utf-8") == formats.page(), "run `make formats`"


def test_the_table_of_metrics_is_that_of_the_rows() -> None:
    assert metrics.FILE.read_text(encoding="utf-8") == metrics.page(), "run `make metrics`"


def test_the_labellers_are_those_of_the_rows() -> None:
    assert labellers.FILE.read_text(encoding="utf-8") == labellers.page(), "run `make labellers`"


def test_the_science_names_modules_that_exist() -> None:
    text = (REPOSITORY / "docs" / "science.md").read_text(encoding="utf-8")
    modules = set(re.findall(r"`((?:spikes|brainmap|synapses)/[\w/]+\.py)`", text))
    assert len(modules) > 10
    assert [name for name in modules if not (REPOSITORY / "pipelines" / name).exists()] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for file in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            if not (file.parent / target).exists():
                broken.append(f"{file.name}: {target}")
    assert broken == []


def test_commands_in_documents_exist() -> None:
    from pipelines.steps import STEPS

    for file in [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]:
        for words in re.findall(r"python -m pipelines (\w+ [\w-]+)", file.read_text("utf-8")):
            assert words in STEPS or words.startswith(("demo ", "models ")) or words in OTHERS, (
                f"{file.name}: {words}"
            )
