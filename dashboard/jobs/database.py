"""The SQLite file of the jobs: how it is opened, and in which words it fails.

A program that has the file open keeps one idle connection. Without one, SQLite removes its two
companions (`-wal`, `-shm`) whenever a connection closes, and has to make them again for whoever
only reads: on a full disk nobody could look at a job.
"""

import shutil
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.core.errors import NoRoomError, OutputError

PATIENCE_SECONDS = 3.0
"""How long a page waits for another program that writes."""
LEAST_ROOM = 256 * 1024
"""Bytes below which SQLite's "disk I/O error" means that the disk is full."""
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)


class StoreError(OutputError):
    """The list of jobs cannot be read or changed just now."""


class LockedError(StoreError):
    """Another program writes to it."""


class DamagedError(StoreError):
    """The list of jobs is damaged."""


class Database:
    """One SQLite file; connections are short, so that threads and processes share it."""

    def __init__(self, file: Path, patience: float = PATIENCE_SECONDS) -> None:
        self.file = file
        self._patience = patience

    def hold(self) -> None:
        """Keep SQLite's companions of the file as long as this object lives."""
        with self.in_words():
            idle = sqlite3.connect(self.file, timeout=self._patience, check_same_thread=False)
            weakref.finalize(self, idle.close)
            idle.execute("SELECT count(*) FROM sqlite_master").fetchone()

    @contextmanager
    def writing(self, *, by_hand: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are kept when all went well.

        Args:
            by_hand: whether transactions are begun and ended by whoever asks.

        Raises:
            StoreError: the file is locked, damaged or cannot be written.
            NoRoomError: the disk is full.
        """
        with self.in_words():
            database = sqlite3.connect(self.file, timeout=self._patience)
            database.isolation_level = None if by_hand else "DEFERRED"
            database.row_factory = sqlite3.Row
            try:
                database.execute("PRAGMA synchronous=NORMAL")
                with database:
                    yield database
            finally:
                database.close()

    def rows(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """What a query finds. Nothing is written, so that a full disk does not matter.

        Raises:
            StoreError: the file is locked, damaged or cannot be read.
        """
        try:
            with self.writing() as database:
                return database.execute(query, values).fetchall()
        except (DamagedError, LockedError):
            raise
        except (StoreError, NoRoomError):
            return self._unshared_rows(query, values)

    def _unshared_rows(self, query: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        """As `rows`, without the companions, which cannot be made: nobody writes now either."""
        with self.in_words():
            address = f"{self.file.absolute().as_uri()}?mode=ro&immutable=1"
            database = sqlite3.connect(address, uri=True)
            database.row_factory = sqlite3.Row
            try:
                return database.execute(query, values).fetchall()
            finally:
                database.close()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Say in a sentence what SQLite says in its own words."""
        try:
            yield
        except UnicodeDecodeError as error:  # SQLite quotes damaged bytes in what it says
            raise self.damaged() from error
        except sqlite3.DatabaseError as error:
            raise self._in_words(error) from error

    def _in_words(self, error: sqlite3.DatabaseError) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in BUSY:
            return LockedError(
                f"Another program keeps the list of jobs ({self.file}) locked: nothing was "
                "changed. Try again in a moment."
            )
        if code in DAMAGED:
            return self.damaged()
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self._is_full()):
            return NoRoomError(
                f"The disk of {self.file.parent} is full: nothing was changed. Make room there."
            )
        if code in UNWRITABLE:
            return StoreError(
                f"The list of jobs ({self.file}) cannot be opened or written ({error}): nothing "
                "was changed. The person who runs Neuroboard should look at that folder."
            )
        return error

    def damaged(self) -> DamagedError:
        """The error that says so, and what to do."""
        return DamagedError(
            f"The list of jobs ({self.file}) is damaged: results are kept. The person who runs "
            "Neuroboard should stop it and start it again, which repairs the list."
        )

    def _is_full(self) -> bool:
        try:
            return shutil.disk_usage(self.file.parent).free < LEAST_ROOM
        except OSError:
            return False
