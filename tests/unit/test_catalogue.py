"""What the engine derives from a declaration, and what it refuses at start-up."""

import importlib
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import projections
from readmodel.engine.catalogue import ProjectionInvalid, discover, plans_of
from readmodel.engine.plan import Plan
from readmodel.engine.projection import DUCKDB, POSTGRES
from readmodel.stores.sql import SqlFileInvalid

Declare = Callable[..., str]

_numbers = itertools.count(1)

PRICES = "SELECT product_id, store, regular_price, position FROM prices_updated"
VISITS = "SELECT user_id, purchase_id, position FROM receipts_ingested"


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Writes a projection's folder and gives the name of its package: a new one, as Python imports a name only once."""

    def write(declaration: str, **files: str) -> str:
        folder = tmp_path / f"declared_{next(_numbers)}"
        folder.mkdir()
        (folder / "__init__.py").write_text(
            "from readmodel.engine.projection import *\n"
            "from readmodel.events.prices import PriceUpdated\n"
            "from readmodel.events.products import ProductNormalized, ProductRemoved\n"
            "from readmodel.events.receipts import ReceiptIngested\n"
            "from readmodel.events.stores import StoreUpdated\n"
            "from readmodel.events.users import UserErased\n"
            f"{declaration}\n"
        )
        for name, text in files.items():
            (folder / f"{name}.sql").write_text(text)
        importlib.invalidate_caches()
        return folder.name

    monkeypatch.syspath_prepend(tmp_path)
    return write


def of_prices(table: str = "", store: str = "POSTGRES") -> str:
    """A declaration of one table of prices; `table` is what else is said of it."""
    key = 'key=("product_id", "store")' if "key=" not in table else ""
    arguments = ", ".join(filter(None, ('"points"', key, table)))
    return (
        f"projection = Projection(version=1, stores=({store},), events=(PriceUpdated,), tables=(Table({arguments}),))"
    )


def refusal(package: str) -> str:
    """Why a projection cannot be used, without the name of its package."""
    with pytest.raises(ProjectionInvalid) as caught:
        plans_of(package)
    return re.sub(r"declared_\d+", "NAME", str(caught.value))


def test_every_projection_is_found_once_for_each_of_its_stores() -> None:
    """In order of name; the first store is the one that its queries ask."""
    assert [repr(plan) for plan in discover(projections)] == [
        "Plan(coupons@postgres v1)",
        "Plan(price_history@postgres v1)",
        "Plan(price_index@duckdb v1)",
        "Plan(price_trends@duckdb v1)",
        "Plan(product_words@postgres v1)",
        "Plan(products@postgres v2)",
        "Plan(products@duckdb v2)",
        "Plan(purchases@postgres v2)",
        "Plan(shopping_lists@postgres v1)",
        "Plan(shrinkflation@postgres v1)",
        "Plan(store_accounts@postgres v1)",
        "Plan(stores@postgres v2)",
        "Plan(stores@duckdb v2)",
        "Plan(user_alerts@postgres v2)",
        "Plan(users@postgres v1)",
    ]


def test_what_follows_from_a_declaration(declare: Declare) -> None:
    """Names, streams, columns with their types, and a fold that merges the facts."""
    (plan,) = plans_of(declare(of_prices(), definition=f"-- points --\n{PRICES}", queries="-- all --\nSELECT 1"))

    (table,) = plan.tables
    assert (plan.schema, plan.key, plan.store) == (f"{plan.name}_v1", f"{plan.name}@postgres", POSTGRES)
    assert (plan.streams, [relation.name for relation in plan.relations]) == (
        ("cartsnitch.prices",),
        ["prices_updated"],
    )
    assert [(c.name, c.duckdb, c.postgres, c.in_key) for c in table.columns] == [
        ("product_id", "UUID", "uuid", True),
        ("store", "VARCHAR", 'text COLLATE "C"', True),
        ("regular_price", "DECIMAL(13,4)", "numeric(13,4)", False),
        ("position", "BIGINT", "bigint", False),
    ]
    assert len(plan.fold) == 1
    assert plan.fold[0].startswith("INSERT INTO points (product_id, store, regular_price, position)\n")
    assert (plan.queries.sections, plan.views) == ({"all": "SELECT 1"}, ())


def test_an_entity_brings_its_events_table_and_view(declare: Declare) -> None:
    """In every store, with the SQL that is only for that store after what is for both."""
    declaration = """projection = Projection(version=3, stores=(POSTGRES, DUCKDB), tables=(
        Entity("things", key="product_id", saved_by=ProductNormalized, removed_by=ProductRemoved),
    ))"""
    files = {"schema": "-- both --\nBOTH", "schema_postgres": "-- one --\nONLY POSTGRES", "schema_duckdb": ""}

    first, second = plans_of(declare(declaration, **files))

    assert (first.store, second.store, first.schema) == (POSTGRES, DUCKDB, f"{first.name}_v3")
    assert first.streams == second.streams == ("cartsnitch.products",)
    assert [table.table.name for table in first.tables] == ["things_state"]
    assert [view.split(" AS\n")[0] for view in first.views] == ["CREATE VIEW things", "BOTH", "ONLY POSTGRES"]
    assert [view.split(" AS\n")[0] for view in second.views] == ["CREATE VIEW things", "BOTH"]


def test_an_erasure_is_folded_before_what_it_erases(declare: Declare) -> None:
    """Tombstones first, then the deletions, then the merges, which leave out what is erased."""
    declaration = """projection = Projection(
        version=1,
        stores=(POSTGRES,),
        events=(ReceiptIngested,),
        tables=(Table("visits", key=("user_id", "purchase_id")),),
        erased_by=Erasure(UserErased, "user_id"),
    )"""

    (plan,) = plans_of(declare(declaration, definition=f"-- visits --\n{VISITS}"))

    assert [statement.split("\n")[0].split(" (")[0] for statement in plan.fold] == [
        "INSERT INTO erased",
        "DELETE FROM visits WHERE user_id IN",
        "INSERT INTO visits",
    ]
    assert plan.streams == ("cartsnitch.receipts", "cartsnitch.users")
    assert plan.definition(plan.tables[1]).startswith("WITH erased AS (SELECT user_id, position FROM users_erased)")


def test_an_appended_table_is_a_view_of_the_newest(declare: Declare) -> None:
    """Its facts lie in a log beside it."""
    (plan,) = plans_of(declare(of_prices("appended=True", "DUCKDB"), definition=f"-- points --\n{PRICES}"))

    (shape,) = plan.shapes()
    assert (shape.name, shape.log) == ("points", "points_log")
    assert plan.fold[0].startswith("INSERT INTO points_log (")


def test_a_table_needs_a_section(declare: Declare) -> None:
    """Its definition is nowhere else."""
    assert refusal(declare(of_prices())) == (
        "The projection NAME cannot be used: NAME/definition.sql has no section `-- points --`"
    )


def test_a_section_needs_a_table(declare: Declare) -> None:
    """Else a definition would be written and never run."""
    package = declare(of_prices(), definition=f"-- points --\n{PRICES};\n\n-- dots --\n{PRICES}")

    assert refusal(package) == (
        "The projection NAME cannot be used: NAME/definition.sql has a section `-- dots --` but no table of that name "
        "is declared"
    )


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ('key=("product_id", "day")', "day"),
        ('newest_by=("is_full", "position")', "is_full"),
        ('groups=(Group(("position",), ("regular_price", "sale_price")),)', "sale_price"),
        ('groups=(Group(("said_at",), ("regular_price",)),)', "said_at"),
    ],
)
def test_the_columns_that_are_named_must_be_stated(declare: Declare, table: str, column: str) -> None:
    """Those of the key, of the order, and of every group."""
    package = declare(of_prices(table), definition=f"-- points --\n{PRICES}")

    assert refusal(package) == (
        f"The projection NAME cannot be used: the definition of points states no column '{column}'"
    )


def test_no_column_may_take_the_place_of_the_engine_s_own(declare: Declare) -> None:
    """The one that ranks facts would be another column of that name, and facts be lost."""
    package = declare(of_prices(), definition=f"-- points --\nSELECT *, 1 AS nth FROM ({PRICES})")

    assert refusal(package) == "The projection NAME cannot be used: points.nth has a name that the engine needs"


def test_every_column_belongs_to_a_group(declare: Declare) -> None:
    """Where there are groups; else nobody knew which of two values is the newer."""
    package = declare(of_prices('groups=(Group(("position",), ()),)'), definition=f"-- points --\n{PRICES}")

    assert refusal(package) == (
        "The projection NAME cannot be used: points.regular_price belongs to no group of columns"
    )


@pytest.mark.parametrize(
    ("expression", "kind"),
    [("1.5::FLOAT", "FLOAT"), ("INTERVAL 1 DAY", "INTERVAL"), ("{'a': 1}", "STRUCT(a INTEGER)"), ("sum(1)", "HUGEINT")],
)
def test_a_column_has_a_type_that_both_stores_keep_exactly(declare: Declare, expression: str, kind: str) -> None:
    """The error names the column and its type."""
    group_by = " GROUP BY ALL" if "sum" in expression else ""
    definition = f"-- points --\nSELECT product_id, store, position, {expression} AS odd FROM prices_updated{group_by}"

    assert refusal(declare(of_prices(), definition=definition)) == (
        f"The projection NAME cannot be used: points.odd is a {kind}, which is not stored; cast it to an exact type"
    )


def test_an_erased_column_belongs_in_the_key(declare: Declare) -> None:
    """Else one user's fact could replace another's, and go when that user goes."""
    declaration = """projection = Projection(
        version=1,
        stores=(POSTGRES,),
        events=(ReceiptIngested,),
        tables=(Table("visits", key=("purchase_id",)),),
        erased_by=Erasure(UserErased, "user_id"),
    )"""

    assert refusal(declare(declaration, definition=f"-- visits --\n{VISITS}")) == (
        "The projection NAME cannot be used: visits has user_id, so its key must name it"
    )


def test_an_entity_of_users_must_be_erasable_too(declare: Declare) -> None:
    """The rule is for tables without SQL of their own as well."""
    declaration = """projection = Projection(
        version=1,
        stores=(POSTGRES,),
        tables=(Entity("receipts", key="purchase_id", saved_by=ReceiptIngested),),
        erased_by=Erasure(UserErased, "user_id"),
    )"""

    assert refusal(declare(declaration)) == (
        "The projection NAME cannot be used: receipts_state has user_id, so its key must name it"
    )


def test_only_duckdb_appends(declare: Declare) -> None:
    """Postgres updates in place."""
    package = declare(of_prices("appended=True"), definition=f"-- points --\n{PRICES}")

    assert refusal(package) == (
        "The projection NAME cannot be used: points is appended, which only DuckDB tables can be"
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT product_id, colour FROM prices_updated", 'Referenced column "colour" not found'),
        ("SELECT * FROM stores_updated", "Table with name stores_updated does not exist"),
        ("SELECT product_id FROM WHERE", "syntax error"),
    ],
)
def test_a_definition_must_run(declare: Declare, query: str, reason: str) -> None:
    """Over the relations of the events that are declared, and nothing else; DuckDB says what is wrong."""
    found = refusal(declare(of_prices(), definition=f"-- points --\n{query}"))

    assert found.startswith("The projection NAME cannot be used: the definition of points does not run: ")
    assert reason in found


@pytest.mark.parametrize("declaration", ["", "projection = 'prices'"])
def test_a_folder_declares_a_projection(declare: Declare, declaration: str) -> None:
    """Whatever lies in the package is one."""
    assert refusal(declare(declaration)) == (
        "The projection NAME cannot be used: its __init__.py declares no `projection = Projection(...)`"
    )


def test_two_sections_of_one_name(declare: Declare) -> None:
    """Only one of them could be run."""
    package = declare(of_prices(), definition=f"-- points --\n{PRICES}\n-- points --\n{PRICES}")

    with pytest.raises(SqlFileInvalid, match="two sections are named 'points'"):
        plans_of(package)


def plan_named(key: str) -> Plan:
    return next(plan for plan in discover(projections) if plan.key == key)


def test_an_erased_user_s_column_is_in_the_key_of_every_table_that_has_it() -> None:
    """Of the projections that there are, every table of users is erasable."""
    personal = ("purchases", "shopping_lists", "store_accounts", "user_alerts", "users")
    for plan in (plan_named(f"{name}@postgres") for name in personal):
        with_users = [table.table for table in plan.tables if "user_id" in table.column_names]
        assert all("user_id" in table.key for table in with_users)
        assert len([statement for statement in plan.fold if statement.startswith("DELETE")]) == len(with_users) - 1
