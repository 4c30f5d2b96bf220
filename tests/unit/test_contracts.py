"""Every form of every event that is sent today, and what it is taken for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from readmodel.events.decode import Decoded, decode
from readmodel.events.envelope import Entry
from readmodel.events.event import contracts, stream_of, streams
from readmodel.events.ids import stable_id

PRODUCT, STORE = "22222222-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000001"
PURCHASE = "33333333-0000-4000-8000-000000000001"
TIME = "2024-03-01T23:30:00Z"
ENVELOPE = {"event_id": "e-1", "occurred_at": datetime(2024, 3, 1, 23, 30, tzinfo=UTC), "source": "test"}


def decoded(event_type: str, payload: dict[str, object]) -> Decoded:
    document = {"type": event_type, "id": "e-1", "source": "test", "time": TIME, "data": payload}
    (found,) = decode(stream_of(event_type), [Entry(1 << 21, orjson.dumps(document))])
    return found


def taken(event_type: str, payload: dict[str, object]) -> dict[str, Any]:
    """The fields of an event that was accepted, less those of the envelope."""
    found = decoded(event_type, payload)
    assert not found.rejected, found.rejected[0].error
    ((_, event),) = found.events[event_type]
    fields = event.model_dump()
    assert {name: fields.pop(name) for name in ENVELOPE} == ENVELOPE
    return fields


def sent_fields(event_type: str, payload: dict[str, object]) -> set[str]:
    """The fields that a payload is held to have said something of."""
    ((_, event),) = decoded(event_type, payload).events[event_type]
    return event.model_fields_set - set(ENVELOPE)


def error(event_type: str, payload: dict[str, object]) -> str:
    (rejected,) = decoded(event_type, payload).rejected
    return rejected.error


def test_the_event_types_there_are() -> None:
    """One model each; the noun is the stream."""
    assert streams() == tuple(
        f"cartsnitch.{noun}" for noun in ("alerts", "prices", "products", "receipts", "stores", "users")
    )
    assert {name: model.type for name, model in contracts().items()} == {name: name for name in contracts()}


class TestStores:
    """cartsnitch.stores.updated"""

    def test_a_store(self) -> None:
        """Its id in the canonical spelling; logo and address may be missing."""
        payload: dict[str, object] = {"id": STORE.upper(), "name": "Kroger", "slug": "kroger", "opened": 1883}

        assert taken("cartsnitch.stores.updated", payload) == {
            "store_id": STORE,
            "name": "Kroger",
            "slug": "kroger",
            "logo_url": None,
            "website_url": None,
        }
        assert sent_fields("cartsnitch.stores.updated", {**payload, "logo_url": None}) == {
            "store_id",
            "name",
            "slug",
            "logo_url",
        }


class TestProducts:
    """cartsnitch.products.normalized and .removed"""

    TYPE = "cartsnitch.products.normalized"

    def test_the_full_form(self) -> None:
        """A size sent as a number is kept as text."""
        payload = {
            "normalized_product_id": PRODUCT,
            "canonical_name": "Milk",
            "category": "Dairy",
            "subcategory": "Whole",
            "brand": "Dairyland",
            "size": 1.5,
            "size_unit": "gal",
            "upc_variants": ["0001"],
            "image_url": "/milk.png",
        }

        assert taken(self.TYPE, payload) == {
            **{name: value for name, value in payload.items() if name != "normalized_product_id"},
            "product_id": PRODUCT,
            "size": "1.5",
        }

    def test_the_short_form_says_nothing_but_that_the_product_exists(self) -> None:
        """`{product_id, canonical_name?, match_method, confidence}`: what it does not mention is left as it was."""
        short = {"product_id": PRODUCT, "match_method": "upc", "confidence": 0.97}

        assert sent_fields(self.TYPE, short) == {"product_id"}
        assert sent_fields(self.TYPE, {**short, "canonical_name": "Milk"}) == {"product_id", "canonical_name"}

    @pytest.mark.parametrize("name", ["normalized_product_id", "product_id"])
    @pytest.mark.parametrize("event_type", [TYPE, "cartsnitch.products.removed"])
    def test_either_name_of_the_product_s_id(self, event_type: str, name: str) -> None:
        """`product_id` means `normalized_product_id`."""
        assert taken(event_type, {name: PRODUCT})["product_id"] == PRODUCT

    def test_the_contract_s_name_wins(self) -> None:
        """Where both are there."""
        assert taken(self.TYPE, {"product_id": STORE, "normalized_product_id": PRODUCT})["product_id"] == PRODUCT

    def test_too_many_bar_codes(self) -> None:
        """A list has a thousand items at most."""
        assert taken(self.TYPE, {"product_id": PRODUCT, "upc_variants": ["1"] * 1_000})["upc_variants"] == ["1"] * 1_000
        assert "at most 1000 items" in error(self.TYPE, {"product_id": PRODUCT, "upc_variants": ["1"] * 1_001})


class TestPrices:
    """cartsnitch.prices.updated"""

    TYPE = "cartsnitch.prices.updated"
    SHORT: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "product_id": PRODUCT,
        "store_slug": "kroger",
        "old_price": 2.5,
        "new_price": 2.75,
        "change_percent": 10.0,
    }

    def test_the_full_form(self) -> None:
        """The store by its id, although a slug is there too; the source of the observation under its own name."""
        payload: dict[str, object] = {
            "id": PURCHASE,
            "normalized_product_id": PRODUCT,
            "store_id": STORE.upper(),
            "store_slug": "kroger",
            "observed_date": "2024-02-29",
            "regular_price": "2.49",
            "sale_price": 2,
            "loyalty_price": None,
            "source": "weekly_ad",
            "purchase_item_id": None,
        }

        assert taken(self.TYPE, payload) == {
            "product_id": PRODUCT,
            "store": STORE,
            "observed_date": date(2024, 2, 29),
            "regular_price": Decimal("2.49"),
            "sale_price": Decimal(2),
            "loyalty_price": None,
            "coupon_price": None,
            "observed_by": "weekly_ad",
        }

    def test_the_short_form_is_an_observation_of_the_new_price_on_the_envelope_s_day(self) -> None:
        """With no source."""
        assert taken(self.TYPE, self.SHORT) == {
            "product_id": PRODUCT,
            "store": "kroger",
            "observed_date": date(2024, 3, 1),
            "regular_price": Decimal("2.75"),
            "sale_price": None,
            "loyalty_price": None,
            "coupon_price": None,
            "observed_by": "",
        }

    def test_the_contract_s_names_win(self) -> None:
        """Where a payload is both forms at once."""
        both = {**self.SHORT, "store_id": STORE, "regular_price": "9.99", "observed_date": "2024-01-01"}
        found = taken(self.TYPE, both)

        assert (found["store"], found["regular_price"], found["observed_date"]) == (
            STORE,
            Decimal("9.99"),
            date(2024, 1, 1),
        )

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"store_slug": None}, "store: Input should be a valid string (got None)"),
            ({"store_id": "kroger"}, "'kroger' is not a UUID"),
            ({"new_price": None}, "regular_price: Decimal input should be"),
            ({"source": "x" * 65}, "source: String should have at most 64 characters"),
            ({"source": "\x00"}, "source: String should match pattern"),
        ],
    )
    def test_what_cannot_be_an_observation(self, change: dict[str, object], reason: str) -> None:
        """One without a store or a price, which nobody could ever resolve."""
        assert reason in error(self.TYPE, {**self.SHORT, **change})


class TestReceipts:
    """cartsnitch.receipts.ingested"""

    TYPE = "cartsnitch.receipts.ingested"
    SHORT: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "user_id": "ada",
        "store_slug": "kroger",
        "purchase_id": "R-1",
        "purchase_date": "2024-02-29",
        "item_count": 7,
        "total": 30.5,
    }
    LINE: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "product_name_raw": "MILK",
        "quantity": "0.354",
        "unit_price": 2.99,
        "extended_price": "1.06",
    }

    def test_the_short_form(self) -> None:
        """A total and how many lines there were; the id is made of user, store as sent and receipt number."""
        assert taken(self.TYPE, self.SHORT) == {
            "purchase_id": stable_id("purchase", "ada", "kroger", "R-1"),
            "user_id": "ada",
            "store": "kroger",
            "receipt_number": "R-1",
            "purchase_date": date(2024, 2, 29),
            "is_full": False,
            "item_count": 7,
            "total": Decimal("30.5"),
            "subtotal": None,
            "tax": None,
            "savings_total": None,
            "items": [],
        }

    def test_the_full_form(self) -> None:
        """Its lines are counted, whatever the count that was sent; an empty bar code is none."""
        full = {
            **self.SHORT,
            "purchase_id": PURCHASE.upper(),
            "store_id": STORE,
            "receipt_id": "R-1",
            "subtotal": "29.00",
            "tax": "1.50",
            "savings_total": 0,
            "items": [{**self.LINE, "upc": "", "id": PURCHASE, "normalized_product_id": PRODUCT}],
        }

        assert taken(self.TYPE, full) == {
            "purchase_id": PURCHASE,
            "user_id": "ada",
            "store": STORE,
            "receipt_number": "R-1",
            "purchase_date": date(2024, 2, 29),
            "is_full": True,
            "item_count": 1,
            "total": Decimal("30.5"),
            "subtotal": Decimal(29),
            "tax": Decimal("1.5"),
            "savings_total": Decimal(0),
            "items": [
                {
                    "line_id": PURCHASE,
                    "product_name_raw": "MILK",
                    "upc": None,
                    "quantity": Decimal("0.354"),
                    "unit_price": Decimal("2.99"),
                    "extended_price": Decimal("1.06"),
                    "regular_price": None,
                    "sale_price": None,
                    "coupon_discount": None,
                    "loyalty_discount": None,
                    "category_raw": None,
                    "product_id": PRODUCT,
                }
            ],
        }

    @pytest.mark.parametrize(
        ("sent", "public_id", "number"),
        [
            ({"purchase_id": PURCHASE}, PURCHASE, ""),
            ({"purchase_id": PURCHASE, "receipt_id": "R-9"}, PURCHASE, "R-9"),
            ({"purchase_id": "R-1"}, stable_id("purchase", "ada", "kroger", "R-1"), "R-1"),
            ({"purchase_id": "R-1", "receipt_id": "R-9"}, stable_id("purchase", "ada", "kroger", "R-9"), "R-9"),
            ({"purchase_id": "", "receipt_id": "R-9"}, stable_id("purchase", "ada", "kroger", "R-9"), "R-9"),
            ({"purchase_id": "R-1", "store_id": STORE}, stable_id("purchase", "ada", STORE, "R-1"), "R-1"),
            ({"purchase_id": "R-1", "user_id": "bob"}, stable_id("purchase", "bob", "kroger", "R-1"), "R-1"),
            ({"purchase_id": ""}, stable_id("purchase", "e-1"), ""),
            ({"purchase_id": None}, stable_id("purchase", "e-1"), ""),
        ],
    )
    def test_the_public_id(self, sent: dict[str, object], public_id: str, number: str) -> None:
        """`purchase_id` where it is a UUID, else one of user, store and receipt number, else of the event's id."""
        found = taken(self.TYPE, {**self.SHORT, **sent})

        assert (found["purchase_id"], found["receipt_number"]) == (public_id, number)

    @pytest.mark.parametrize(
        ("named", "product_id"),
        [
            ({"normalized_product_id": PRODUCT}, PRODUCT),
            ({"product_id": PRODUCT}, PRODUCT),
            ({"product_id": STORE, "normalized_product_id": PRODUCT}, PRODUCT),
            ({"product_id": PRODUCT, "normalized_product_id": None}, PRODUCT),
            ({"normalized_product_id": None}, None),
            ({}, None),
        ],
    )
    def test_either_name_of_a_line_s_product(self, named: dict[str, object], product_id: str | None) -> None:
        """`product_id` means `normalized_product_id`, in lines as well."""
        (line,) = taken(self.TYPE, {**self.SHORT, "items": [{**self.LINE, **named}]})["items"]

        assert line["product_id"] == product_id

    def test_items_that_are_null_are_the_short_form(self) -> None:
        """And an empty list is a full form without lines."""
        null, empty = taken(self.TYPE, {**self.SHORT, "items": None}), taken(self.TYPE, {**self.SHORT, "items": []})

        assert (null["is_full"], null["item_count"]) == (False, 7)
        assert (empty["is_full"], empty["item_count"]) == (True, 0)

    def test_the_longest_receipt(self) -> None:
        """A thousand lines, and a receipt number of two hundred characters."""
        longest = {**self.SHORT, "items": [self.LINE] * 1_000, "purchase_id": "R" * 200}

        assert taken(self.TYPE, longest)["item_count"] == 1_000
        assert "at most 1000 items" in error(self.TYPE, {**longest, "items": [self.LINE] * 1_001})
        assert "at most 200 characters" in error(self.TYPE, {**longest, "purchase_id": "R" * 201})


class TestPriceIncreases:
    """cartsnitch.alerts.price_increase"""

    TYPE = "cartsnitch.alerts.price_increase"
    SHORT: dict[str, object] = {"product_id": PRODUCT, "old_price": "2.00", "new_price": "2.50"}  # noqa: RUF012

    def test_the_full_form(self) -> None:
        """With the percentage that was sent, rounded."""
        payload: dict[str, object] = {
            **self.SHORT,
            "id": PURCHASE,
            "store_id": STORE,
            "change_percent": 100 / 3,
            "new_date": "2024-02-29",
        }

        assert taken(self.TYPE, payload) == {
            "alert_id": PURCHASE,
            "product_id": PRODUCT,
            "store": STORE,
            "old_price": Decimal(2),
            "new_price": Decimal("2.5"),
            "change_percent": Decimal("33.3333"),
            "new_date": date(2024, 2, 29),
        }

    def test_the_short_form(self) -> None:
        """Of any store, on the envelope's day, under an id made of the event's; the rise is worked out."""
        assert taken(self.TYPE, self.SHORT) == {
            "alert_id": stable_id("alert", "e-1"),
            "product_id": PRODUCT,
            "store": None,
            "old_price": Decimal(2),
            "new_price": Decimal("2.5"),
            "change_percent": Decimal(25),
            "new_date": date(2024, 3, 1),
        }

    @pytest.mark.parametrize(
        ("old", "new", "percent"),
        [
            (3, 4, "33.3333"),
            (4, 3, "-25"),
            (2, 2, "0"),
            (1, 0, "-100"),
            ("0.0001", "999999999.9999", "999999999"),
            (0, 5, None),
            (0, 0, None),
        ],
    )
    def test_the_rise_that_is_worked_out(self, old: object, new: object, percent: str | None) -> None:
        """In per cent of the old price; none for a rise from nothing, and never more than its column holds."""
        found = taken(self.TYPE, {**self.SHORT, "old_price": old, "new_price": new})

        assert found["change_percent"] == (percent and Decimal(percent))


class TestShrinkflation:
    """cartsnitch.alerts.shrinkflation"""

    TYPE = "cartsnitch.alerts.shrinkflation"

    def test_the_full_form(self) -> None:
        """Sizes and confidence may be numbers."""
        payload: dict[str, object] = {
            "id": PURCHASE,
            "normalized_product_id": PRODUCT,
            "detected_date": "2024-02-29",
            "old_size": 12,
            "new_size": 10.8,
            "old_unit": "oz",
            "new_unit": "oz",
            "price_at_old_size": "4.00",
            "price_at_new_size": 4,
            "confidence": 0.9,
            "notes": "n" * 5_000,
        }

        assert taken(self.TYPE, payload) == {
            "alert_id": PURCHASE,
            "product_id": PRODUCT,
            "product_name": None,
            "detected_date": date(2024, 2, 29),
            "old_size": "12",
            "new_size": "10.8",
            "old_unit": "oz",
            "new_unit": "oz",
            "price_at_old_size": Decimal(4),
            "price_at_new_size": Decimal(4),
            "confidence": "0.9",
            "notes": "n" * 5_000,
        }

    @pytest.mark.parametrize(
        ("sent", "size", "unit"),
        [
            ("12 oz", "12", "oz"),
            (" 12  fl oz ", "12", "fl oz"),
            ("12oz", "12oz", None),
            ("12", "12", None),
            (12, "12", None),
        ],
    )
    def test_the_short_form(self, sent: object, size: str, unit: str | None) -> None:
        """Size and unit in one text are told apart where a space stands between them."""
        short = {
            "product_id": PRODUCT,
            "product_name": "Chips",
            "old_size": sent,
            "new_size": "9 oz",
            "confidence": "0.9",
        }
        found = taken(self.TYPE, short)

        assert (found["old_size"], found["old_unit"], found["new_size"], found["new_unit"]) == (size, unit, "9", "oz")
        assert (found["alert_id"], found["detected_date"]) == (stable_id("alert", "e-1"), date(2024, 3, 1))
        assert found["product_name"] == "Chips"

    def test_a_unit_of_its_own_leaves_the_size_alone(self) -> None:
        """Only where there is none is the size cut."""
        found = taken(
            self.TYPE,
            {"product_id": PRODUCT, "old_size": "2 x 6", "old_unit": "oz", "new_size": "2 x 5", "new_unit": "oz"},
        )

        assert (found["old_size"], found["new_size"]) == ("2 x 6", "2 x 5")


class TestUsers:
    """cartsnitch.users.*"""

    def test_a_user_s_id_is_taken_exactly(self) -> None:
        """UUIDs here, other shapes elsewhere: at most 64 characters, never respelled."""
        for user_id in (PURCHASE.upper(), "ada", "u" * 64):
            assert taken("cartsnitch.users.erased", {"user_id": user_id}) == {"user_id": user_id}
        assert "at most 64 characters" in error("cartsnitch.users.erased", {"user_id": "u" * 65})
        assert "at least 1 character" in error("cartsnitch.users.erased", {"user_id": ""})

    def test_a_password_hash_is_not_taken_along(self) -> None:
        """Should one ever be sent, it goes no further."""
        fields = taken("cartsnitch.users.registered", {"user_id": "ada", "hashed_password": "$2b$12$"})

        assert "$2b$12$" not in fields.values()

    def test_a_time_of_registration_is_kept_in_utc(self) -> None:
        """As every instant."""
        fields = taken("cartsnitch.users.registered", {"user_id": "ada", "created_at": "2024-03-01T01:00:00+01:00"})

        assert fields["created_at"] == datetime(2024, 3, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("price_increase_threshold_pct", -1),
            ("price_increase_threshold_pct", True),
            ("shrinkflation_enabled", "yes"),
            ("shrinkflation_enabled", 1),
        ],
    )
    def test_settings_that_are_none(self, setting: str, value: object) -> None:
        """A switch is true or false, and a threshold is not negative."""
        assert error("cartsnitch.users.alert_settings_changed", {"user_id": "ada", setting: value}).startswith(setting)
