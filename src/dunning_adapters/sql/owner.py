"""Whether a worker is alive: it holds a lock as long as its process does, paused or not.

PostgreSQL and MariaDB keep the lock for the worker's connection, SQLite's machine in a file beside the database. After
a failover such locks are gone, so they only forbid: what they do not forbid has to wait for the quarantine as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import sqlalchemy as sa

from dunning_adapters.sql.engine import is_file
from dunning_core.errors import HistoryError

_LOCKS: Final = {
    "postgresql": ("SELECT pg_try_advisory_lock(:key)", "SELECT pg_advisory_unlock(:key)"),
    "mysql": ("SELECT GET_LOCK(:name, 0)", "SELECT RELEASE_LOCK(:name)"),
}
_HERE: Final[set[str]] = set()
"""Workers of this process on databases in its memory."""


class Owners:
    """The workers of one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._statements = _LOCKS.get({"mariadb": "mysql"}.get(engine.dialect.name, engine.dialect.name))

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Be the worker of that name. Raises HistoryError when there is one."""
        with self._locked(name) as mine:
            if not mine:
                raise HistoryError("there is a worker of this name already", where=f"worker {name}")
            yield

    def alive(self, name: str) -> bool:
        """Whether a worker of that name holds its lock at this moment."""
        with self._locked(name) as free:
            return not free

    @contextmanager
    def _locked(self, name: str) -> Iterator[bool]:
        if self._statements is not None:
            yield from self._in_the_database(name, *self._statements)
        elif is_file(self._engine.url):
            yield from self._in_a_file(name)
        else:
            yield from _in_this_process(name)

    def _in_the_database(self, name: str, lock: str, unlock: str) -> Iterator[bool]:
        digest = hashlib.sha256(name.encode())
        # GET_LOCK takes names of 64 characters, PostgreSQL numbers of 8 bytes
        given = {"name": digest.hexdigest(), "key": int.from_bytes(digest.digest()[:8], signed=True)}
        given = {key: value for key, value in given.items() if f":{key}" in lock}
        with self._engine.connect() as connection:
            mine = bool(connection.scalar(sa.text(lock), given))
            try:
                yield mine
            finally:
                if mine:
                    connection.scalar(sa.text(unlock), given)

    def _in_a_file(self, name: str) -> Iterator[bool]:
        folder = Path(f"{self._engine.url.database}.workers")
        folder.mkdir(exist_ok=True)
        path = folder / hashlib.sha256(name.encode()).hexdigest()[:32]
        with path.open("a") as file:
            mine = _flock(file)
            yield mine
            if mine:
                path.unlink(missing_ok=True)  # while it is locked: whoever opened it before finds nobody in it


def _in_this_process(name: str) -> Iterator[bool]:
    mine = name not in _HERE
    if mine:
        _HERE.add(name)
    try:
        yield mine
    finally:
        if mine:
            _HERE.discard(name)


def _flock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: nobody can tell, so the quarantine alone protects
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
