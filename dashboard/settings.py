"""What the person who starts Neuroboard can decide, typed and read once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import OutputError, ParameterError

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
    token: str = ""
    """The access token; made at random and kept in the home folder when empty."""
    workers: int = 1
    """Heavy jobs that run side by side."""
    upload_limit_mb: int = 2000
    """Largest upload of images, all files together, in MB."""
    table_limit_mb: int = 50
    """Largest spreadsheet, in MB."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read `NEUROBOARD_HOME`, `NEUROBOARD_DATA` (separated as `PATH` is), and so on.

        Raises:
            ParameterError: a number is not one.
        """
        home = environ.get(PREFIX + "HOME") or str(Path.home() / ".neuroboard")
        roots = [part for part in environ.get(PREFIX + "DATA", "").split(os.pathsep) if part]
        return cls(
            home=Path(home).expanduser().absolute(),
            data=absolute(roots),
            host=environ.get(PREFIX + "HOST", cls.host),
            token=environ.get(PREFIX + "TOKEN", cls.token),
            **{name: _number(environ, name, getattr(cls, name)) for name in _NUMBERS},
        )

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
            probe = self.home / ".can-write"
            probe.write_text("yes", encoding="utf-8")
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"The home folder {self.home} cannot be written ({error.strerror}): "
                "choose another one with --home DIR."
            ) from None
        for root in self.data:
            if not root.is_dir():
                raise ParameterError(f"The data root {root} is not a folder: correct --data.")


_NUMBERS = ("port", "workers", "upload_limit_mb", "table_limit_mb")


def absolute(folders: Sequence[str]) -> tuple[Path, ...]:
    """Paths that stay right when the working folder changes."""
    return tuple(Path(folder).expanduser().absolute() for folder in folders)


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(PREFIX + name.upper())
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ParameterError(f"{PREFIX}{name.upper()}={text}: it must be a whole number from 1.")
    return int(text)
