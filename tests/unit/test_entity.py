"""Entities written out: table, definition and view."""

from typing import Any

import duckdb
import pytest

from readmodel.engine.entity import entity_definition, entity_table, entity_view
from readmodel.engine.fold import newest
from readmodel.engine.projection import Entity, Group, Table
from readmodel.engine.relation import relations_of
from readmodel.events.event import Event
from readmodel.events.products import ProductNormalized, ProductRemoved
from readmodel.events.stores import StoreUpdated
from readmodel.events.users import UserRegistered

PRODUCTS = Entity("products", key="product_id", saved_by=ProductNormalized, removed_by=ProductRemoved)
STORES = Entity("stores", key="store_id", saved_by=StoreUpdated)
USERS = Entity("users", key="user_id", saved_by=UserRegistered)


def test_required_fields_are_set_together_and_optional_ones_alone() -> None:
    """Each with the position that set it; without removals there is nothing to compare them with."""
    assert entity_table(STORES) == Table(
        "stores_state",
        ("store_id",),
        groups=(
            Group(("saved_at",), ("name", "slug")),
            Group(("logo_url_at",), ("logo_url",)),
            Group(("website_url_at",), ("website_url",)),
        ),
    )


def test_removals_are_a_group_of_their_own() -> None:
    """Without columns: all there is to say is where the newest of them stands."""
    optional = "canonical_name category subcategory brand size size_unit upc_variants image_url name_words brand_words"

    assert entity_table(PRODUCTS).groups == (
        Group(("saved_at",), ()),
        *(Group((f"{name}_at",), (name,)) for name in optional.split()),
        Group(("removed_at",), ()),
    )


def test_an_event_that_is_no_patch_sets_all_of_its_fields() -> None:
    """A missing field is then null, because the event carries the whole state."""
    columns = ("email", "display_name", "email_inbound_token", "created_at")

    assert entity_table(USERS).groups == (Group(("saved_at",), columns),)


def test_a_definition_that_can_be_read() -> None:
    """What each event says of the store, and where it said so."""
    assert entity_definition(STORES) == (
        "SELECT store_id, name, slug, position AS saved_at, "
        "logo_url, CASE WHEN has_logo_url THEN position END AS logo_url_at, "
        "website_url, CASE WHEN has_website_url THEN position END AS website_url_at\n"
        "FROM stores_updated"
    )


def test_a_view_that_can_be_read() -> None:
    """The fields as they are now, under the entity's own name."""
    assert entity_view(STORES) == (
        "CREATE VIEW stores AS\n"
        "SELECT store_id, "
        "CASE WHEN saved_at > -1 THEN name END AS name, "
        "CASE WHEN saved_at > -1 THEN slug END AS slug, "
        "CASE WHEN logo_url_at > -1 THEN logo_url END AS logo_url, "
        "CASE WHEN website_url_at > -1 THEN website_url END AS website_url\n"
        "FROM stores_state\n"
        "WHERE saved_at > -1"
    )


P = "22222222-0000-4000-8000-000000000001"


def saved(position: int, **fields: Any) -> tuple[int, Event]:
    sent = {"event_id": "e", "occurred_at": "2024-03-01T00:00:00Z", "event_source": "", "product_id": P}
    return position, ProductNormalized.model_validate({**sent, **fields})


def removed(position: int) -> tuple[int, Event]:
    sent = {"event_id": "e", "occurred_at": "2024-03-01T00:00:00Z", "event_source": "", "product_id": P}
    return position, ProductRemoved.model_validate(sent)


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ([], None),
        ([saved(1)], (None, None)),
        ([saved(1, canonical_name="Milk", brand="D")], ("Milk", "D")),
        ([saved(1, canonical_name="Milk", brand="D"), saved(2, brand=None)], ("Milk", None)),
        ([saved(1, canonical_name="Milk"), saved(2, canonical_name="Oats"), saved(3)], ("Oats", None)),
        ([removed(1)], None),
        ([saved(1, canonical_name="Milk"), removed(2)], None),
        ([removed(1), saved(2, canonical_name="Milk")], ("Milk", None)),
        ([saved(1, canonical_name="Milk", brand="D"), removed(2), saved(3, brand="E")], (None, "E")),
        ([saved(1, canonical_name="Milk"), removed(2), saved(3), removed(4)], None),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_definition_and_view_together(
    events: list[tuple[int, Event]], shown: tuple[str | None, str | None] | None, backwards: bool
) -> None:
    """Missing leaves, null clears, a removal hides, and what comes after it starts anew."""
    table = entity_table(PRODUCTS)
    by_type: dict[type[Event], list[tuple[int, Event]]] = {ProductNormalized: [], ProductRemoved: []}
    for position, event in reversed(events) if backwards else events:
        by_type[type(event)].append((position, event))
    with duckdb.connect() as connection:
        for model, found in by_type.items():
            (relation,) = relations_of(model)
            connection.register(relation.name, relation.table(found))
        columns = (*table.key, *(column for group in table.groups for column in (*group.columns, *group.newest_by)))
        connection.execute(f"CREATE TABLE products_state AS {newest(table, columns, entity_definition(PRODUCTS))}")
        connection.execute(entity_view(PRODUCTS))
        rows = connection.execute("SELECT canonical_name, brand FROM products").fetchall()

    assert rows == ([] if shown is None else [shown])
