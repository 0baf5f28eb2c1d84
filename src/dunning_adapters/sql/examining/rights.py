"""What the login may do, as the database's own catalogue says. Nothing is tried."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from dunning_adapters.examination import Line, counted
from dunning_adapters.sql.engine import is_file
from dunning_adapters.sql.examining.needs import Origin
from dunning_adapters.sql.examining.server import product

_WRITES: Final = ("INSERT", "UPDATE", "DELETE")
_HARMLESS: Final = frozenset(
    ["USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "REPLICATION CLIENT", "BINLOG MONITOR",
     "SLAVE MONITOR", "REPLICATION SLAVE ADMIN", "CONNECT", "CONNECT SQL", "VIEW DATABASE STATE", "VIEW DEFINITION",
     "VIEW ANY COLUMN ENCRYPTION KEY DEFINITION", "VIEW ANY COLUMN MASTER KEY DEFINITION", "SHOWPLAN"]
)  # fmt: skip
"""Rights with which nothing can be changed."""

_USERS: Final[Mapping[str, Sequence[str]]] = {
    "postgresql": ("CREATE ROLE dunning LOGIN PASSWORD '...';",),
    "mysql": ("CREATE USER dunning IDENTIFIED BY '...';",),
    "mariadb": ("CREATE USER dunning IDENTIFIED BY '...';",),
    "mssql": ("CREATE LOGIN dunning WITH PASSWORD = '...';", "CREATE USER dunning FOR LOGIN dunning;"),
    "firebird": ("CREATE USER DUNNING PASSWORD '...';",),
}


@dataclass
class Rights:
    """What was found: powers over the whole, rights to write by table, tables that cannot be read."""

    powers: list[str] = field(default_factory=list)
    writes: dict[Origin, list[str]] = field(default_factory=dict)
    unread: list[Origin] = field(default_factory=list)


def rights(connection: sa.Connection, present: Sequence[Origin]) -> Iterator[Line]:
    """The rights over the tables that are there."""
    ask = _ASKED.get(product(connection.dialect))
    if ask is None:
        yield Line("rights", "how to ask this database is not known here", "look", "grant SELECT and nothing else")
        return
    found = ask(connection, present)
    for origin in found.unread:
        yield Line(f"no SELECT on {shown(origin)}", state="look", mend=f"{_grant(connection.dialect, origin)}")
    if found.powers:
        mend = _FILE if connection.dialect.name == "sqlite" else _MEND
        yield Line("may write", ", ".join(found.powers), "look", mend)
    if found.writes:
        words = dict.fromkeys(word for each in found.writes.values() for word in each)
        what = f"{', '.join(words)} on {len(found.writes)} of {counted(len(present), 'table')}"
        yield Line("may write", what, "look", _MEND)
    if not (found.unread or found.powers or found.writes):
        yield Line("rights", f"may read all of {counted(len(present), 'table')} and write nothing")


_FILE: Final = "reading is enough: take the right to write the file from this account"
_MEND: Final = "reading is enough: use a login as the statements in the report make it"


def statements(dialect: sa.Dialect, present: Collection[Origin]) -> tuple[str, ...]:
    """What makes a user that may read these tables and nothing else."""
    users = _USERS.get(product(dialect), ())
    schemas = sorted({origin.schema for origin in present if origin.schema})
    usage = [f"GRANT USAGE ON SCHEMA {_quoted(dialect, one)} TO dunning;" for one in schemas]
    grants = [_grant(dialect, origin) for origin in sorted(present)]
    return (*users, *(usage if dialect.name == "postgresql" else ()), *grants) if users else ()


def shown(origin: Origin) -> str:
    """The table with its schema."""
    return f"{origin.schema}.{origin.table}" if origin.schema else origin.table


def _quoted(dialect: sa.Dialect, name: str) -> str:
    return str(dialect.identifier_preparer.quote(name))


def _named(dialect: sa.Dialect, origin: Origin) -> str:
    return ".".join(_quoted(dialect, part) for part in (origin.schema, origin.table) if part)


def _grant(dialect: sa.Dialect, origin: Origin) -> str:
    return f"GRANT SELECT ON {_named(dialect, origin)} TO dunning;"


def _postgresql(connection: sa.Connection, present: Sequence[Origin]) -> Rights:
    role = connection.execute(
        sa.text("SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
    ).one()
    found = Rights([word for word, has in zip(("superuser", "CREATEDB", "CREATEROLE"), role, strict=True) if has])
    for origin in present:
        name = _named(connection.dialect, origin)
        words = [*_WRITES, "TRUNCATE"]
        asked = [sa.func.has_table_privilege(name, word) for word in words]
        columns = [sa.func.has_any_column_privilege(name, word) for word in ("SELECT", *_WRITES[:2])]
        *table, may_read, inserts, updates = connection.execute(sa.select(*asked, *columns)).one()
        table[0], table[1] = table[0] or inserts, table[1] or updates
        _note(found, origin, may_read, [word for word, has in zip(words, table, strict=True) if has])
    return found


def _mysql(connection: sa.Connection, present: Sequence[Origin]) -> Rights:  # noqa: ARG001 - tables that cannot be read do not show
    granted = [str(row[0]) for row in connection.exec_driver_sql("SHOW GRANTS")]
    return Rights(writing(granted))


def writing(grants: Collection[str]) -> list[str]:
    """The rights to change something among the answers to SHOW GRANTS."""
    words: dict[str, None] = {}
    for grant in grants:
        told = re.match(r"GRANT (.+?) ON .+ TO ", grant)
        if told and "PROXY" not in told[1]:
            names = (word.strip() for word in re.sub(r"\([^)]*\)", "", told[1]).split(","))
            words |= dict.fromkeys(word for word in names if word not in _HARMLESS)
            if grant.rstrip().endswith("WITH GRANT OPTION"):
                words["GRANT OPTION"] = None
    return list(words)


def _mssql(connection: sa.Connection, present: Sequence[Origin]) -> Rights:
    roles = {name: sa.func.is_member(name) for name in ("db_owner", "db_datawriter", "db_ddladmin")}
    asked = {"sysadmin": sa.func.is_srvrolemember("sysadmin"), **roles}
    answers = connection.execute(sa.select(*asked.values())).one()
    found = Rights([name for name, has in zip(asked, answers, strict=True) if has])
    query = sa.text("SELECT permission_name FROM fn_my_permissions(NULL, 'DATABASE')")
    granted = [str(name) for name in connection.execute(query).scalars()]
    found.powers += [name for name in granted if name not in _HARMLESS and not name.startswith("VIEW ")]
    for origin in present:
        words = ("SELECT", *_WRITES)
        name = _named(connection.dialect, origin)
        query_ = sa.select(*(sa.func.has_perms_by_name(name, "OBJECT", word) for word in words))
        may_read, *table = connection.execute(query_).one()
        _note(found, origin, may_read, [word for word, has in zip(_WRITES, table, strict=True) if has])
    return found


def _sqlite(connection: sa.Connection, present: Sequence[Origin]) -> Rights:  # noqa: ARG001 - a file has no other rights
    url = connection.engine.url
    writable = is_file(url) and os.access(str(url.database), os.W_OK)
    return Rights(["the file can be written by this account of the system"] if writable else [])


def _firebird(connection: sa.Connection, present: Sequence[Origin]) -> Rights:
    user = connection.scalar(sa.text("SELECT CURRENT_USER FROM RDB$DATABASE"))
    query = sa.text("""
        SELECT TRIM(RDB$RELATION_NAME), RDB$PRIVILEGE FROM RDB$USER_PRIVILEGES
        WHERE RDB$OBJECT_TYPE IN (0, 1) AND RDB$USER IN (CURRENT_USER, CURRENT_ROLE, 'PUBLIC')""")
    letters: dict[str, set[str]] = {}
    for table, letter in connection.execute(query):
        letters.setdefault(str(table), set()).add(str(letter).strip())
    found = Rights(["SYSDBA"] if str(user).strip() == "SYSDBA" else [])
    for origin in present:
        has = letters.get(origin.table, letters.get(origin.table.upper(), set()))
        _note(found, origin, "S" in has or bool(found.powers), [word for word in _WRITES if word[0] in has])
    return found


def _note(found: Rights, origin: Origin, may_read: object, words: list[str]) -> None:
    if not may_read:
        found.unread.append(origin)
    if words:
        found.writes[origin] = words


_ASKED: Final[Mapping[str, Callable[[sa.Connection, Sequence[Origin]], Rights]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "mssql": _mssql,
    "sqlite": _sqlite,
    "firebird": _firebird,
}
