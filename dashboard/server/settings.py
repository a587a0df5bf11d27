"""What the person who starts Neuroboard can decide, typed and read once."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pipelines.core.errors import OutputError, ParameterError

MB = 1_000_000
PREFIX = "NEUROBOARD_"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Settings:
    """All settings; `docs/settings.md` has a line for each."""

    home: Path
    """Folder for jobs, uploads and examples."""
    data: tuple[Path, ...] = ()
    """Data roots: recordings and images are chosen below these folders only."""
    host: str = "127.0.0.1"
    """Address to listen on. Anything but this machine asks visitors for the token."""
    port: int = 8050
    """Port to listen on."""
    token: str = field(default="", repr=False)
    """The token of those who work; made at random and kept in the home folder when empty."""
    owner_token: str = field(default="", repr=False)
    """The token of the owner, who may also retire models and delete; made likewise."""
    look_token: str = field(default="", repr=False)
    """The token of those who only look; made likewise."""
    user_header: str = ""
    """The header in which a trusted proxy names the person; no token is asked then."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses whose user header is believed."""
    owners: tuple[str, ...] = ()
    """Names, as the proxy gives them, that may do everything."""
    lookers: tuple[str, ...] = ()
    """Names, as the proxy gives them, that may only look."""
    workers: int = 1
    """Heavy jobs that run side by side."""
    scheduler: str = ""
    """Address of a Dask scheduler whose workers run the jobs; empty for this machine."""
    engines: tuple[str, ...] = ()
    """Clusters that brain maps may run on, besides this machine: `dask://host:port`, ..."""
    upload_limit_mb: int = 2000
    """Largest upload of images, all files together, in MB."""
    table_limit_mb: int = 50
    """Largest spreadsheet, in MB."""
    memory_gb: int = 0
    """Most GB of memory that all jobs take together; 0 for four fifths of the machine's."""
    quota_gb: int = 0
    """Most GB in the home folder before uploads and jobs are refused; 0 for no limit."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read `NEUROBOARD_HOME`, `NEUROBOARD_DATA` (separated as `PATH` is), and so on.

        Raises:
            ParameterError: a number is not one.
        """
        given = {
            name.removeprefix(PREFIX).lower(): text
            for name, text in environ.items()
            if name.startswith(PREFIX) and text
        }
        values: dict[str, Any] = {"home": str(Path.home() / ".neuroboard")}
        for one in fields(cls):
            if one.name in given:
                values[one.name] = _value(one.name, one.default, given[one.name])
        return cls(**{**values, "home": Path(values["home"]).expanduser().absolute()})

    def environment(self) -> dict[str, str]:
        """The variables from which another process reads these settings again.

        The tokens are left out: no process but the web server needs them.
        """
        shown = [one.name for one in fields(self) if one.repr]
        return {PREFIX + name.upper(): _text(name, getattr(self, name)) for name in shown}

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the app."""
        return self.host in LOOPBACK

    @property
    def jobs(self) -> Path:
        """Folder with one folder per job."""
        return self.home / "jobs"

    @property
    def uploads(self) -> Path:
        """Folder with one folder per uploaded set of files."""
        return self.home / "uploads"

    @property
    def registry(self) -> Path:
        """Folder of the models that are kept."""
        return self.home / "models"

    @property
    def examples(self) -> Path:
        """Folder with the example data."""
        return self.home / "examples"

    def prepare(self) -> None:
        """Make the home folder and check that it can be written.

        Raises:
            OutputError: it cannot.
            ParameterError: a data root does not exist.
        """
        try:
            for folder in (self.jobs, self.uploads, self.examples):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.home, prefix=".can-write-") as probe:
                probe.write(b"yes")
                probe.flush()
        except OSError as error:
            raise OutputError(
                f"The home folder {self.home} cannot be written ({error.strerror}): "
                "choose another one with --home DIR."
            ) from None
        for root in self.data:
            if not root.is_dir():
                raise ParameterError(f"The data root {root} is not a folder: correct --data.")


def absolute(folders: Sequence[str]) -> tuple[Path, ...]:
    """Paths that stay right when the working folder changes."""
    return tuple(Path(folder).expanduser().absolute() for folder in folders)


def _value(name: str, default: Any, text: str) -> Any:
    """A setting's text as the type of its default."""
    if name == "data":
        return absolute([part for part in text.split(os.pathsep) if part])
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return _number(name, text) if isinstance(default, int) else text


def _text(name: str, value: Any) -> str:
    """A setting as `_value` reads it; what is empty or 0 is not given."""
    if isinstance(value, tuple):
        return (os.pathsep if name == "data" else ",").join(map(str, value))
    return str(value or "")


def _number(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ParameterError(f"{PREFIX}{name.upper()}={text}: it must be a whole number from 1.")
    return int(text)
