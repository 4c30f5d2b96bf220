"""The SQL of folds, run on both stores: the newest fact per key, whatever the order of arrival."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import psycopg
import pytest

from readmodel.engine.fold import erase, erased_facts, erased_table, log_of, merge, newest
from readmodel.engine.projection import POSTGRES, Erasure, Group, StoreName, Table
from readmodel.events.users import UserErased

PRICES = Table("prices", key=("product",))
RECEIPTS = Table("receipts", key=("receipt",), newest_by=("is_full", "position"))
SHOPS = Table("shops", key=("shop",), groups=(Group(("named_at",), ("name",)), Group(("moved_at",), ("city",))))
ERASURE = Erasure(UserErased, "user_id")

Row = tuple[object, ...]


class Database:
    """Either store; what these tests need is SQL in, rows out."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, *statements: str) -> None:
        for statement in statements:
            self._connection.execute(statement)

    def rows(self, query: str) -> list[Row]:
        return sorted(self._connection.execute(query).fetchall(), key=repr)


@pytest.fixture(params=StoreName)
def stores(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same text runs in both."""
    if request.param is POSTGRES:
        with psycopg.connect(request.getfixturevalue("database")) as connection:
            yield Database(connection)
    else:
        with duckdb.connect() as file:
            yield Database(file)


def fold(database: Database, table: Table, columns: Sequence[str], facts: Sequence[Row]) -> None:
    """Merge a batch of facts, given as rows of the table's columns."""
    database.run("DELETE FROM facts_of_batch")
    for fact in facts:
        database.run(f"INSERT INTO facts_of_batch VALUES ({', '.join(_literal(value) for value in fact)})")
    database.run(merge(table, tuple(columns), f"SELECT {', '.join(columns)} FROM facts_of_batch"))


def _literal(value: object) -> str:
    return "NULL" if value is None else repr(value)


def in_every_order(database: Database, table: Table, columns: Sequence[str], facts: Sequence[Row]) -> list[list[Row]]:
    """What each order of arrival makes of some facts: in one batch, and one by one with the first repeated."""
    found = []
    for arriving in itertools.permutations(facts):
        for batches in ([arriving], [[fact] for fact in (*arriving, arriving[0])]):
            database.run(f"DELETE FROM {table.name}")
            for batch in batches:
                fold(database, table, columns, batch)
            found.append(database.rows(f"SELECT * FROM {table.name}"))
    return found


def test_the_newest_fact_of_a_key_stays(stores: Database) -> None:
    """In one batch or in several, in every order; what is delivered again changes nothing."""
    stores.run(
        "CREATE TABLE prices (product integer PRIMARY KEY, price integer, position bigint)",
        "CREATE TEMPORARY TABLE facts_of_batch (product integer, price integer, position bigint)",
    )

    found = in_every_order(stores, PRICES, ("product", "price", "position"), [(1, 30, 10), (1, 10, 20), (2, 5, 15)])

    assert found == [[(1, 10, 20), (2, 5, 15)]] * 12


def test_newest_may_mean_more_than_the_position(stores: Database) -> None:
    """Here a full form beats a newer short one, and between equals the position decides."""
    columns = ("receipt", "total", "is_full", "position")
    shape = "(receipt integer, total integer, is_full boolean, position bigint"
    stores.run(
        f"CREATE TABLE receipts {shape}, PRIMARY KEY (receipt))", f"CREATE TEMPORARY TABLE facts_of_batch {shape})"
    )

    found = in_every_order(stores, RECEIPTS, columns, [(1, 100, True, 10), (1, 101, True, 11), (1, 7, False, 12)])

    assert found == [[(1, 101, True, 11)]] * 12


def test_groups_of_columns_are_set_apart(stores: Database) -> None:
    """A fact that says nothing of a group leaves it; one that clears it does so at its position."""
    columns = ("shop", "name", "named_at", "city", "moved_at")
    shape = "(shop integer, name text, named_at bigint, city text, moved_at bigint"
    stores.run(f"CREATE TABLE shops {shape}, PRIMARY KEY (shop))", f"CREATE TEMPORARY TABLE facts_of_batch {shape})")
    facts: list[Row] = [
        (1, "Kroger", 10, "Cincinnati", 10),
        (1, "Kroger Co.", 20, None, None),
        (1, None, None, None, 15),
    ]

    found = in_every_order(stores, SHOPS, columns, facts)

    assert found == [[(1, "Kroger Co.", 20, None, 15)]] * 12


def test_an_appended_table_takes_facts_at_its_end(stores: Database) -> None:
    """Every batch adds the newest of its own; reading finds the newest of all."""
    table = Table("prices", key=("product",), appended=True)
    columns = ("product", "price", "position")
    shape = "(product integer, price integer, position bigint)"
    stores.run(f"CREATE TABLE {log_of(table)} {shape}", f"CREATE TEMPORARY TABLE facts_of_batch {shape}")

    fold(stores, table, columns, [(1, 30, 10), (1, 20, 20)])
    fold(stores, table, columns, [(1, 5, 15)])

    assert stores.rows("SELECT * FROM prices_log") == [(1, 20, 20), (1, 5, 15)]
    assert stores.rows(newest(table, columns, "SELECT * FROM prices_log")) == [(1, 20, 20)]


def test_what_is_erased_goes_and_does_not_come_back(stores: Database) -> None:
    """An erasure deletes rows, and facts of an erased value are not merged any more."""
    table = Table("visits", key=("user_id", "day"))
    columns = ("user_id", "day", "position")
    facts = "SELECT user_id, day, position FROM facts_of_batch"
    stores.run(
        "CREATE TABLE visits (user_id text, day integer, position bigint, PRIMARY KEY (user_id, day))",
        "CREATE TABLE erased (user_id text PRIMARY KEY, position bigint)",
        "CREATE TEMPORARY TABLE users_erased (user_id text, position bigint)",
        "CREATE TEMPORARY TABLE facts_of_batch (user_id text, day integer, position bigint)",
        "INSERT INTO facts_of_batch VALUES ('ada', 1, 1), ('bob', 1, 2)",
        merge(table, columns, facts, ERASURE),
    )
    before = stores.rows("SELECT * FROM visits")

    stores.run(
        "INSERT INTO users_erased VALUES ('ada', 3)",
        merge(erased_table(ERASURE), ("user_id", "position"), erased_facts(ERASURE)),
        erase(table, ERASURE),
        "INSERT INTO facts_of_batch VALUES ('ada', 2, 4), ('bob', 2, 5)",
        merge(table, columns, facts, ERASURE),
    )

    assert before == [("ada", 1, 1), ("bob", 1, 2)]
    assert stores.rows("SELECT * FROM visits") == [("bob", 1, 2), ("bob", 2, 5)]


def test_an_appended_table_is_erased_from_its_log() -> None:
    """The table's own name is only a view there."""
    assert erase(Table("visits", key=("user_id",), appended=True), ERASURE) == (
        "DELETE FROM visits_log WHERE user_id IN (SELECT user_id FROM users_erased)"
    )
