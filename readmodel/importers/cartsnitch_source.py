"""Reading today's shared database: one snapshot of it, row by row, in memory that does not grow with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import conninfo, sql

from readmodel.errors import ReadModelError
from readmodel.importers.cartsnitch_tables import ITEMS, PURCHASES, Row, Table
from readmodel.stores.sql import for_psycopg, read_sql

ROWS_AT_ONCE: Final = 1_000
"""Rows fetched per round trip."""
_CONNECT_SECONDS: Final = 10
_DELIMITERS: Final = frozenset("@/?#")

_SQL: Final = read_sql("readmodel.importers", "cartsnitch.sql").sections

# Postgres makes JSON of whatever the column is: json, jsonb, an array or a text.
_AS_JSON: Final = frozenset({"upc_variants"})

Values = tuple[Any, ...]


class AddressUnreadable(ReadModelError):
    """The DSN is no address of a Postgres database; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE (special
    characters of the password percent-encoded), or leave the password to PGPASSWORD or ~/.pgpass."""


class SourceUnreachable(ReadModelError):
    """The database {address} cannot be reached: {reason}"""


class SourceUnfit(ReadModelError):
    """The database {address} cannot be loaded: {problems}. If the tables are in another schema, add
    ?options=-csearch_path%3DSCHEMA to the DSN; if there are none, leave them out with --skip TABLE; else run the
    migrations of the database first."""


class SourceFailed(ReadModelError):
    """Reading {table} from {address} failed: {reason}. Repeat the command when that is mended: what was published
    is not published again."""


class Source:
    """A snapshot of the database in which all tables were read at one moment. Made by `snapshot`."""

    def __init__(self, connection: "psycopg.Connection[Values]", address: str, tables: Sequence[Table]) -> None:
        self._connection = connection
        self._address = address
        self.tables = tables
        self.missing: list[tuple[Table, str]] = []
        """Columns that the database does without; events go without those fields."""
        self._columns: dict[str, list[str]] = {}
        with self._reading("the catalogue"):
            connection.execute(for_psycopg(_SQL["prepare"]))
            self._learn_columns()

    def counts(self) -> dict[str, int]:
        """How many rows each table has, items of purchases included."""
        return {table.name: self._count(table) for table in self._all_tables()}

    def rows(self, table: Table) -> Iterator[Row]:
        """The rows of a table, in order. Raises SourceFailed."""
        columns = self._columns[table.name]
        statement = _composed(
            "rows",
            table=sql.Identifier(table.name),
            columns=_selected("stated", columns),
            order=self._order("stated", table),
        )
        for values in self._stream(table, statement):
            yield dict(zip(columns, values, strict=True))

    def purchases(self) -> Iterator[tuple[Row | None, Iterator[Row]]]:
        """Purchases with their items, which must be taken before the next purchase is; None has the items that belong
        to no purchase. Raises SourceFailed."""
        columns, item_columns = self._columns[PURCHASES.name], self._columns[ITEMS.name]
        statement = _composed(
            "purchases",
            table=sql.Identifier(PURCHASES.name),
            items=sql.Identifier(ITEMS.name),
            columns=_selected("stated", columns),
            item_columns=_selected("item", item_columns),
            order=self._order("stated", PURCHASES),
            item_order=self._order("item", ITEMS),
        )
        width = len(columns)
        for purchase, found in groupby(self._stream(PURCHASES, statement), key=lambda values: values[:width]):
            # Every table's first column is its id; where that is null, this side of the join had nothing.
            items = (
                dict(zip(item_columns, values[width:], strict=True)) for values in found if values[width] is not None
            )
            yield dict(zip(columns, purchase, strict=True)) if purchase[0] is not None else None, items

    def _stream(self, table: Table, statement: sql.Composed) -> Iterator[Values]:
        with self._reading(table.name), self._connection.cursor(name=f"readmodel_{table.name}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            yield from cursor.execute(statement)

    def _count(self, table: Table) -> int:
        with self._reading(table.name):
            row = self._connection.execute(_composed("count", table=sql.Identifier(table.name))).fetchone()
        return int(row[0]) if row else 0

    def _order(self, alias: str, table: Table) -> sql.Composed:
        columns = (*(column for column in table.dated_by if column in self._columns[table.name]), "id")
        return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)

    def _all_tables(self) -> Iterator[Table]:
        for table in self.tables:
            yield from (table, ITEMS) if table is PURCHASES else (table,)

    def _learn_columns(self) -> None:
        problems: list[str] = []
        for table in self._all_tables():
            rows = self._connection.execute(for_psycopg(_SQL["columns"]), {"table": table.name})
            found = {str(name) for (name,) in rows}
            absent = [column for column in table.must if column not in found]
            if not found:
                problems.append(f"there is no table {table.name}")
            elif absent:
                problems.append(f"{table.name} has no column {', '.join(absent)}")
            self.missing += [(table, column) for column in table.may if column not in found]
            wanted = dict.fromkeys(chain(table.must, table.may, table.dated_by))
            self._columns[table.name] = [column for column in wanted if column in found]
        if problems:
            raise SourceUnfit(address=self._address, problems="; ".join(problems))

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except (psycopg.Error, UnicodeDecodeError) as error:
            raise SourceFailed(table=what, address=self._address, reason=str(error).strip()) from error


@contextmanager
def snapshot(dsn: str, tables: Sequence[Table]) -> Iterator[Source]:
    """The tables of the database as they are now; nothing is written and nothing locked.

    Raises AddressUnreadable, SourceUnreachable, SourceUnfit or SourceFailed; no password is in their texts.
    """
    parameters = _parsed(dsn)
    address = _shown(parameters)
    try:
        connection = psycopg.connect(**{"connect_timeout": _CONNECT_SECONDS, **parameters, "client_encoding": "UTF8"})
    except psycopg.Error as error:
        raise SourceUnreachable(address=address, reason=_without(parameters.get("password"), str(error))) from None
    with connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield Source(connection, address, tables)


def _parsed(dsn: str) -> dict[str, Any]:
    # Today's services are given SQLAlchemy's spelling, which names a driver.
    scheme, separator, rest = dsn.partition("://")
    # A password that is not encoded would be taken for a host, and shown as one.
    if separator and _DELIMITERS.intersection(rest.rpartition("@")[0]):
        raise AddressUnreadable
    try:
        return dict(conninfo.conninfo_to_dict(scheme.partition("+")[0] + separator + rest))
    except psycopg.Error:
        # What libpq says quotes the part that it stumbled over, which may be the password.
        raise AddressUnreadable from None


def _shown(parameters: dict[str, Any]) -> str:
    known = {name: parameters.get(name) or "" for name in ("user", "host", "port", "dbname")}
    return "{user}@{host}:{port}/{dbname}".format(**known)


def _without(password: str | None, reason: str) -> str:
    for secret in {password, quote(password)} if password else ():
        reason = reason.replace(secret, "***")
    return reason.strip()


def _selected(alias: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("to_json({})::text" if column in _AS_JSON else "{}::text").format(sql.Identifier(alias, column))
        for column in columns
    )


def _composed(statement: str, **names: sql.Composable) -> sql.Composed:
    # One of our own, which psycopg's types cannot know: they take a text only where it is a literal in the code.
    text: Any = _SQL[statement]
    return sql.SQL(text).format(**names)
