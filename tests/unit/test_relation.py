"""Event types as relations."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import duckdb
import psycopg
import pyarrow as pa
import pytest
from psycopg.rows import DictRow, dict_row

from readmodel.engine.folding.staging import staged
from readmodel.engine.projection import DUCKDB, POSTGRES, StoreName
from readmodel.engine.relation import FieldNotStorable, Relation, relations_of
from readmodel.events.event import Event, contracts
from readmodel.events.fields import Money, Title, UuidColumn
from readmodel.events.receipts import ReceiptIngested
from readmodel.events.shopping_lists import ShoppingListSaved
from readmodel.stores import duckdb as duck
from readmodel.stores import postgres
from readmodel.stores.postgres import PostgresStore, as_csv
from readmodel.stores.store import Commit, StoredColumn, TableShape, Version

ENVELOPE = ["position", "event_id", "occurred_at", "source"]
PRODUCT, OTHER = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
AT = datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC)

COLUMNS = {
    "accounts_connected": "user_id store happened_at",
    "accounts_disconnected": "user_id store happened_at",
    "accounts_sync_completed": "user_id store happened_at job_id items_synced",
    "accounts_sync_failed": "user_id store happened_at job_id error",
    "accounts_sync_started": "user_id store happened_at job_id",
    "alerts_price_increase": "alert_id product_id store old_price new_price change_percent new_date",
    "alerts_shrinkflation": "alert_id product_id product_name detected_date old_size new_size old_unit new_unit "
    "price_at_old_size price_at_new_size confidence notes",
    "coupons_removed": "coupon_id",
    "coupons_updated": "coupon_id store product_id title description discount_type discount_value min_purchase "
    "valid_from valid_to requires_clip coupon_code source_url has_product_id has_description has_discount_value "
    "has_min_purchase has_valid_from has_valid_to has_coupon_code has_source_url",
    "indices_published": "series period value",
    "prices_updated": "product_id store observed_date regular_price sale_price loyalty_price coupon_price observed_by",
    "products_normalized": "product_id canonical_name category subcategory brand size size_unit upc_variants image_url "
    "name_words brand_words has_canonical_name has_category has_subcategory has_brand has_size has_size_unit "
    "has_upc_variants has_image_url has_name_words has_brand_words",
    "products_removed": "product_id",
    "receipts_ingested": "purchase_id user_id store receipt_number purchase_date is_full item_count total subtotal tax "
    "savings_total",
    "shopping_lists_removed": "list_id user_id",
    "shopping_lists_saved": "list_id user_id name item_count",
    "stores_location_updated": "location_id store_id address city state zip lat lng has_lat has_lng",
    "stores_updated": "store_id name slug logo_url website_url has_logo_url has_website_url",
    "users_alert_read": "user_id alert_id",
    "users_alert_settings_changed": "user_id price_increase_threshold_pct shrinkflation_enabled email_notifications "
    "has_price_increase_threshold_pct has_shrinkflation_enabled has_email_notifications",
    "users_erased": "user_id",
    "users_profile_updated": "user_id email display_name has_email has_display_name",
    "users_registered": "user_id email display_name email_inbound_token created_at",
    "receipts_ingested_items": "line_id product_name_raw upc quantity unit_price extended_price regular_price "
    "sale_price coupon_discount loyalty_discount category_raw product_id",
    "shopping_lists_saved_items": "product_id name quantity",
}


# Found before there are models that only these tests know.
CONTRACTS = contracts()


class EveryTypeSent(Event):
    """One field of every kind that has a column."""

    type: ClassVar = "test.every_type_sent"
    patch: ClassVar = True

    key: Annotated[str, UuidColumn()]
    text: Title | None = None
    texts: list[Title] | None = None
    number: int | None = None
    amount: Money | None = None
    flag: bool | None = None
    day: date | None = None
    instant: datetime | None = None


def event(**fields: Any) -> Event:
    sent = {"event_id": "e-1", "occurred_at": AT, "event_source": "test", "key": PRODUCT, **fields}
    return EveryTypeSent.model_validate(sent)


EVENTS = [
    (1 << 21, event()),
    (
        2 << 21,
        event(
            key=OTHER,
            text='quote " comma , newline \n backslash \\ \\N \\.',
            texts=["", "NULL", 'a"b', "c\\d", "{e,f}", "Ä\n\\."],
            number=-(2**63),
            amount="999999999.9999",
            flag=False,
            day="2024-02-29",
            instant=AT,
        ),
    ),
    (2**63 - 1, event(text="", texts=[], number=2**63 - 1, amount="0E+20", flag=True, day=None)),
]
NOTHING: dict[str, Any] = {"event_id": "e-1", "occurred_at": AT, "source": "test", "key": PRODUCT} | dict.fromkeys(
    ("text", "texts", "number", "amount", "flag", "day", "instant")
)


def has(*sent: str) -> dict[str, bool]:
    """Which of the optional fields an event has, and which it has not."""
    optional = ("text", "texts", "number", "amount", "flag", "day", "instant")
    return {f"has_{name}": name in sent for name in optional}


ROWS: list[dict[str, Any]] = [
    {"position": 1 << 21, **NOTHING, **has()},
    {
        "position": 2 << 21,
        **NOTHING,
        "key": OTHER,
        "text": 'quote " comma , newline \n backslash \\ \\N \\.',
        "texts": ["", "NULL", 'a"b', "c\\d", "{e,f}", "Ä\n\\."],
        "number": -(2**63),
        "amount": Decimal("999999999.9999"),
        "flag": False,
        "day": date(2024, 2, 29),
        "instant": AT,
        **has("text", "texts", "number", "amount", "flag", "day", "instant"),
    },
    {
        "position": 2**63 - 1,
        **NOTHING,
        "text": "",
        "texts": [],
        "number": 2**63 - 1,
        "amount": Decimal(0),
        "flag": True,
        **has("text", "texts", "number", "amount", "flag", "day"),
    },
]


@pytest.mark.parametrize("event_type", sorted(CONTRACTS))
def test_the_columns_of_an_event_type(event_type: str) -> None:
    """The envelope's in front, then one for each field, then whether an optional field of a patch was sent."""
    own = relations_of(CONTRACTS[event_type])[0]

    assert [column.name for column in own.columns] == ENVELOPE + COLUMNS[own.name].split()
    assert own.arrow_schema.names == [column.name for column in own.columns]


@pytest.mark.parametrize(
    ("model", "name"),
    [(ReceiptIngested, "receipts_ingested_items"), (ShoppingListSaved, "shopping_lists_saved_items")],
)
def test_a_list_of_models_is_a_relation_of_its_own(model: type[Event], name: str) -> None:
    """With the position of its event and the number of its line in front, and no column in its event's relation."""
    _, items = relations_of(model)

    assert (items.name, items.child_of) == (name, "items")
    assert [column.name for column in items.columns] == ["position", "line_no", *COLUMNS[items.name].split()]


def test_lines_are_numbered_from_one() -> None:
    """Within their event, in the order sent; an event without lines has none."""
    line = {"product_name_raw": "MILK", "quantity": 1, "unit_price": 1, "extended_price": 1}
    receipt = {
        "event_id": "e-1",
        "occurred_at": AT,
        "event_source": "test",
        "user_id": "ada",
        "store_slug": "kroger",
        "purchase_id": "R-1",
        "purchase_date": "2024-03-01",
        "total": 1,
    }
    events = [
        (
            position,
            ReceiptIngested.model_validate({**receipt, "items": [{**line, "product_name_raw": n} for n in names]}),
        )
        for position, names in ((5, ["MILK", "BREAD"]), (6, []), (7, ["OATS"]))
    ]

    rows = relations_of(ReceiptIngested)[1].table(events).select(["position", "line_no", "product_name_raw"])

    assert rows.to_pylist() == [
        {"position": 5, "line_no": 1, "product_name_raw": "MILK"},
        {"position": 5, "line_no": 2, "product_name_raw": "BREAD"},
        {"position": 7, "line_no": 1, "product_name_raw": "OATS"},
    ]


def test_no_events_are_an_empty_table_of_the_same_shape() -> None:
    """A fold finds every relation that it reads, also where the batch has nothing for it."""
    for relation in relations_of(ReceiptIngested):
        assert relation.table([]).equals(relation.arrow_schema.empty_table())


def test_column_types_in_the_three_systems() -> None:
    """Each exact; UUIDs and lists travel as strings and become themselves in the stores."""
    (relation,) = relations_of(EveryTypeSent)

    types = {c.name: (str(c.type.arrow), c.type.duckdb, c.type.postgres) for c in relation.columns if c.name in NOTHING}
    types |= {"has_flag": next((str(c.type.arrow), c.type.duckdb, c.type.postgres) for c in relation.columns[-1:])}

    text = ("string", "VARCHAR", 'text COLLATE "C"')
    instant = ("timestamp[us, tz=UTC]", "TIMESTAMP WITH TIME ZONE", "timestamptz")
    assert types == {
        "event_id": text,
        "occurred_at": instant,
        "source": text,
        "key": ("string", "UUID", "uuid"),
        "text": text,
        "texts": ("list<item: string>", "VARCHAR[]", "text[]"),
        "number": ("int64", "BIGINT", "bigint"),
        "amount": ("decimal128(13, 4)", "DECIMAL(13,4)", "numeric(13,4)"),
        "flag": ("bool", "BOOLEAN", "boolean"),
        "day": ("date32[day]", "DATE", "date"),
        "instant": instant,
        "has_flag": ("bool", "BOOLEAN", "boolean"),
    }


def test_events_as_arrow() -> None:
    """Every value as it was validated, null for what was not sent or was null."""
    (relation,) = relations_of(EveryTypeSent)

    assert relation.table(EVENTS).to_pylist() == ROWS


def test_events_staged_in_duckdb() -> None:
    """Nothing is lost on the way into the relation that a fold reads."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for part in _staged(DUCKDB):
            duck.stage(connection, part)
        found = connection.execute("SELECT * REPLACE (CAST(key AS VARCHAR) AS key) FROM test_every_type_sent")
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    assert [_in_utc(row) for row in rows] == ROWS


@pytest.fixture
def folding_all(database: str) -> str:
    """A database into whose table `kept` a fold of every column has been committed."""
    postgres.migrate(database)
    (relation,) = relations_of(EveryTypeSent)
    version = Version("kept", 1)
    columns = tuple(StoredColumn(c.name, c.type.duckdb, c.name == "position") for c in relation.columns)
    store = PostgresStore(database)
    store.create(version, [TableShape("kept", columns)], [])
    store.take_over(version, 1, ["test"])
    statement = "INSERT INTO kept SELECT * FROM test_every_type_sent"
    store.commit(Commit(version, 1, "test", 0, 9, 3, list(_staged(POSTGRES)), [statement], []))
    store.close()
    return database


def test_events_staged_in_postgres(folding_all: str) -> None:
    """Nor on the way through COPY, whatever the texts hold: quotes, commas, newlines, `\\N` and `\\.`."""
    with psycopg.Connection[DictRow].connect(folding_all, row_factory=dict_row) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute("SELECT * FROM kept_v1.kept ORDER BY position").fetchall()

    assert [_in_utc({**row, "key": str(row["key"])}) for row in rows] == ROWS


def test_a_field_without_a_column_type_is_refused() -> None:
    """At start-up, with the model, the field and its type."""

    class FloatSent(Event):
        type: ClassVar = "test.float_sent"
        price: float

    with pytest.raises(FieldNotStorable) as caught:
        relations_of(FloatSent)

    assert str(caught.value) == (
        "FloatSent.price has the type <class 'float'>, and readmodel/engine/relation.py knows no column type for it."
    )


def _staged(store: StoreName) -> Sequence[Any]:
    (relation,) = relations_of(EveryTypeSent)
    tables: dict[str, pa.Table] = {relation.name: relation.table(EVENTS)}
    relations: list[Relation] = [relation]
    return list(staged(relations, tables, store))


def _in_utc(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}


def test_an_empty_chunk_adds_nothing_to_the_csv() -> None:
    """A batch that was cut, or of which only some slices have a row, has empty chunks."""
    rows = pa.table({"position": pa.array([1], pa.int64()), "text": pa.array(["a"])})
    empty = rows.slice(0, 0)

    assert as_csv(pa.concat_tables([empty, rows, empty])) == b'1,"a"\n'
