"""Every form of every event that is sent today, and what it is taken for."""

from collections.abc import Mapping
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


def decoded(event_type: str, payload: Mapping[str, object]) -> Decoded:
    document = {"type": event_type, "id": "e-1", "source": "test", "time": TIME, "data": payload}
    (found,) = decode(stream_of(event_type), [Entry(1 << 21, orjson.dumps(document))])
    return found


def taken(event_type: str, payload: Mapping[str, object]) -> dict[str, Any]:
    """The fields of an event that was accepted, less those of the envelope."""
    found = decoded(event_type, payload)
    assert not found.rejected, found.rejected[0].error
    ((_, event),) = found.events[event_type]
    fields = event.model_dump()
    assert {name: fields.pop(name) for name in ENVELOPE} == ENVELOPE
    return fields


def sent_fields(event_type: str, payload: Mapping[str, object]) -> set[str]:
    """The fields that a payload is held to have said something of."""
    ((_, event),) = decoded(event_type, payload).events[event_type]
    return event.model_fields_set - set(ENVELOPE)


def error(event_type: str, payload: Mapping[str, object]) -> str:
    (rejected,) = decoded(event_type, payload).rejected
    return rejected.error


AT_A_STORE: dict[str, dict[str, object]] = {
    **{
        f"cartsnitch.accounts.{verb}": {"user_id": "ada"}
        for verb in ("connected", "disconnected", "sync_started", "sync_completed", "sync_failed")
    },
    "cartsnitch.alerts.price_increase": {"product_id": PRODUCT, "old_price": 1, "new_price": 2},
    "cartsnitch.coupons.updated": {"id": PURCHASE, "title": "", "discount_type": "fixed", "requires_clip": True},
    "cartsnitch.prices.updated": {"product_id": PRODUCT, "regular_price": 1},
    "cartsnitch.receipts.ingested": {"user_id": "ada", "purchase_date": "2024-03-01", "item_count": 1, "total": 1},
}
OF_A_PRODUCT: dict[str, dict[str, object]] = {
    "cartsnitch.alerts.price_increase": {"old_price": 1, "new_price": 2},
    "cartsnitch.alerts.shrinkflation": {"old_size": "12 oz", "new_size": "10 oz"},
    "cartsnitch.coupons.updated": {**AT_A_STORE["cartsnitch.coupons.updated"], "store_slug": "kroger"},
    "cartsnitch.prices.updated": {"regular_price": 1, "store_slug": "kroger"},
    "cartsnitch.products.normalized": {},
    "cartsnitch.products.removed": {},
}


def test_the_event_types_there_are() -> None:
    """One model each; the noun is the stream."""
    assert streams() == (
        "cartsnitch.accounts",
        "cartsnitch.alerts",
        "cartsnitch.coupons",
        "cartsnitch.indices",
        "cartsnitch.prices",
        "cartsnitch.products",
        "cartsnitch.receipts",
        "cartsnitch.shopping_lists",
        "cartsnitch.stores",
        "cartsnitch.users",
    )
    assert {name: model.type for name, model in contracts().items()} == {name: name for name in contracts()}


@pytest.mark.parametrize(
    ("named", "store"),
    [
        ({"store_slug": "kroger"}, "kroger"),
        ({"store_id": STORE.upper()}, STORE),
        ({"store_id": STORE, "store_slug": "kroger"}, STORE),
        ({"store_id": None, "store_slug": "kroger"}, "kroger"),
        ({"store_id": "", "store_slug": "kroger"}, "kroger"),
        ({"store_id": STORE, "store_slug": ""}, STORE),
    ],
)
@pytest.mark.parametrize("event_type", sorted(AT_A_STORE))
def test_a_store_by_its_id_or_else_by_its_slug(event_type: str, named: dict[str, object], store: str) -> None:
    """Kept as sent, the id in its canonical spelling; null and "" are no store."""
    assert taken(event_type, {**AT_A_STORE[event_type], **named})["store"] == store


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({}, "store: Input should be a valid string (got None)"),
        ({"store_id": "", "store_slug": ""}, "store: Input should be a valid string (got None)"),
        ({"store_id": "kroger", "store_slug": "kroger"}, "'kroger' is not a UUID"),
        ({"store_slug": "k" * 65}, "store: String should have at most 64 characters"),
    ],
)
@pytest.mark.parametrize("event_type", sorted(AT_A_STORE.keys() - {"cartsnitch.alerts.price_increase"}))
def test_where_a_store_must_be_named(event_type: str, named: dict[str, object], reason: str) -> None:
    """What says neither which nor where could never be resolved; only an increase may be of any store."""
    assert reason in error(event_type, {**AT_A_STORE[event_type], **named})


@pytest.mark.parametrize("named", [{}, {"store_id": None}, {"store_id": "", "store_slug": ""}])
def test_an_increase_may_be_of_any_store(named: dict[str, object]) -> None:
    """As today's short form is."""
    event_type = "cartsnitch.alerts.price_increase"

    assert taken(event_type, {**AT_A_STORE[event_type], **named})["store"] is None


@pytest.mark.parametrize(
    "named",
    [
        {"normalized_product_id": PRODUCT},
        {"product_id": PRODUCT},
        {"normalized_product_id": PRODUCT, "product_id": STORE},
        {"normalized_product_id": PRODUCT, "product_id": None},
        {"normalized_product_id": None, "product_id": PRODUCT},
        {"normalized_product_id": "", "product_id": PRODUCT},
    ],
)
@pytest.mark.parametrize("event_type", sorted(OF_A_PRODUCT))
def test_either_name_of_a_product_s_id(event_type: str, named: dict[str, object]) -> None:
    """`product_id` means `normalized_product_id`, which wins where both say something; a null says nothing."""
    assert taken(event_type, {**OF_A_PRODUCT[event_type], **named})["product_id"] == PRODUCT


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        ({}, "normalized_product_id: Field required"),
        ({"product_id": None}, "product_id: Input should be a valid string (got None)"),
        (
            {"normalized_product_id": None, "product_id": None},
            "normalized_product_id: Input should be a valid string (got None)",
        ),
        (
            {"normalized_product_id": "milk", "product_id": PRODUCT},
            "normalized_product_id: Value error, 'milk' is not a UUID (got 'milk')",
        ),
    ],
)
@pytest.mark.parametrize("event_type", sorted(OF_A_PRODUCT.keys() - {"cartsnitch.coupons.updated"}))
def test_where_a_product_must_be_named(event_type: str, named: dict[str, object], reason: str) -> None:
    """Under a name that says something wrong the other is not asked."""
    assert error(event_type, {**OF_A_PRODUCT[event_type], **named}) == reason


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


class TestStoreLocations:
    """cartsnitch.stores.location_updated"""

    TYPE = "cartsnitch.stores.location_updated"
    SHORT: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "id": PURCHASE.upper(),
        "store_id": STORE.upper(),
        "address": "1 Elm Street",
        "city": "Dayton",
        "state": "OH",
        "zip": "45402",
    }

    def test_the_full_form(self) -> None:
        """Where it lies to a tenth of a metre, however many digits a map gave."""
        assert taken(self.TYPE, {**self.SHORT, "lat": 39.75894789123456, "lng": "-84.191607"}) == {
            "location_id": PURCHASE,
            "store_id": STORE,
            "address": "1 Elm Street",
            "city": "Dayton",
            "state": "OH",
            "zip": "45402",
            "lat": Decimal("39.758948"),
            "lng": Decimal("-84.191607"),
        }

    def test_where_it_lies_may_be_missing(self) -> None:
        """Which leaves what was known; null forgets it."""
        always = {"location_id", "store_id", "address", "city", "state", "zip"}

        assert taken(self.TYPE, self.SHORT) == taken(self.TYPE, {**self.SHORT, "lat": None, "lng": None})
        assert sent_fields(self.TYPE, self.SHORT) == always
        assert sent_fields(self.TYPE, {**self.SHORT, "lat": None, "lng": 1}) == {*always, "lat", "lng"}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"lat": 90.1}, "lat: Input should be less than or equal to 90 (got 90.1)"),
            ({"lat": -91}, "lat: Input should be greater than or equal to -90 (got -91)"),
            ({"lng": 180.1}, "lng: Input should be less than or equal to 180 (got 180.1)"),
            ({"lng": -181}, "lng: Input should be greater than or equal to -180 (got -181)"),
            ({"lat": "NaN"}, "lat: Input should be a finite number (got 'NaN')"),
            ({"store_id": None}, "store_id: Input should be a valid string (got None)"),
            ({"store_id": "kroger"}, "store_id: Value error, 'kroger' is not a UUID (got 'kroger')"),
            ({"zip": 45402}, "zip: Input should be a valid string (got 45402)"),
        ],
    )
    def test_what_is_no_place(self, change: dict[str, object], reason: str) -> None:
        """Beyond a pole or the date line; a zip is no number, which would lose a leading zero."""
        assert error(self.TYPE, {**self.SHORT, **change}) == reason


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
            "name_words": ["milk"],
            "brand_words": ["dairyland"],
        }

    def test_the_short_form_says_nothing_but_that_the_product_exists(self) -> None:
        """`{product_id, canonical_name?, match_method, confidence}`: what it does not mention is left as it was."""
        short = {"product_id": PRODUCT, "match_method": "upc", "confidence": 0.97}

        assert sent_fields(self.TYPE, short) == {"product_id"}
        named = {**short, "canonical_name": "Milk"}
        assert sent_fields(self.TYPE, named) == {"product_id", "canonical_name", "name_words"}

    def test_words_are_worked_out_and_never_sent(self) -> None:
        """With the text they are of they are set and cleared; what a publisher calls words is not asked."""
        sent = {"product_id": PRODUCT, "canonical_name": "Whole Milk", "brand": None, "name_words": ["beer"]}
        found = taken(self.TYPE, sent)

        assert (found["name_words"], found["brand_words"]) == (["whole", "milk"], None)
        assert sent_fields(self.TYPE, sent) == {
            "product_id",
            "canonical_name",
            "brand",
            "name_words",
            "brand_words",
        }
        assert sent_fields(self.TYPE, {"product_id": PRODUCT, "name_words": ["beer"]}) == {"product_id"}

    @pytest.mark.parametrize("field", ["size", "size_unit"])
    def test_an_empty_size_is_none(self, field: str) -> None:
        """It was sent, so that it clears what was known."""
        empty = {"product_id": PRODUCT, field: ""}

        assert taken(self.TYPE, empty)[field] is None
        assert sent_fields(self.TYPE, empty) == {"product_id", field}

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [(["0001", "", "0002"], ["0001", "0002"]), ([""], []), ([None, "0001"], ["0001"]), ([], []), (None, None)],
    )
    def test_an_empty_bar_code_is_none(self, sent: object, kept: object) -> None:
        """A scanner that could not read one does not cost the product."""
        assert taken(self.TYPE, {"product_id": PRODUCT, "upc_variants": sent})["upc_variants"] == kept

    @pytest.mark.parametrize(
        ("sent", "reason"),
        [
            ("0001", "upc_variants: Input should be a valid list (got '0001')"),
            ([1], "upc_variants.0: Input should be a valid string (got 1)"),
            (["1" * 65], f"upc_variants.0: String should have at most 64 characters (got '{'1' * 65}')"),
        ],
    )
    def test_what_is_no_bar_code(self, sent: object, reason: str) -> None:
        """A list of texts."""
        assert error(self.TYPE, {"product_id": PRODUCT, "upc_variants": sent}) == reason

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
            ({"new_price": None}, "regular_price: Decimal input should be"),
            ({"source": "x" * 65}, "source: String should have at most 64 characters"),
            ({"source": "\x00"}, "source: String should match pattern"),
        ],
    )
    def test_what_cannot_be_an_observation(self, change: dict[str, object], reason: str) -> None:
        """One without a price, or by a source that is no name."""
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

    @pytest.mark.parametrize(
        ("count", "reason"),
        [
            (None, "item_count: Input should be a valid integer (got None)"),
            (-1, "item_count: Input should be greater than or equal to 0 (got -1)"),
            (1_000_000, "item_count: Input should be less than 1000000 (got 1000000)"),
            (True, "item_count: Value error, a number is expected, not true or false (got True)"),
        ],
    )
    def test_a_count_that_is_none(self, count: object, reason: str) -> None:
        """Without lines there must be one; beside lines it is not asked."""
        assert error(self.TYPE, {**self.SHORT, "item_count": count}) == reason
        assert taken(self.TYPE, {**self.SHORT, "item_count": count, "items": [self.LINE]})["item_count"] == 1

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
            ({"product_id": PRODUCT, "normalized_product_id": ""}, PRODUCT),
            ({"normalized_product_id": None}, None),
            ({"product_id": ""}, None),
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

    @pytest.mark.parametrize("unit", ["", None])
    def test_no_unit_is_none(self, unit: object) -> None:
        """An empty one neither; then it may stand in the size, as it always did."""
        sent = {"product_id": PRODUCT, "old_size": "12 oz", "old_unit": unit, "new_size": 10, "new_unit": unit}
        found = taken(self.TYPE, {**sent, "confidence": ""})

        assert (found["old_size"], found["old_unit"], found["new_size"], found["new_unit"]) == ("12", "oz", "10", None)
        assert found["confidence"] is None

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


class TestCoupons:
    """cartsnitch.coupons.updated and .removed"""

    TYPE = "cartsnitch.coupons.updated"
    SHORT: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "id": PURCHASE.upper(),
        "store_slug": "kroger",
        "title": "A tenth off",
        "discount_type": "percent",
        "requires_clip": False,
    }
    ALWAYS = frozenset({"coupon_id", "store", "title", "discount_type", "requires_clip"})
    OPTIONAL = (
        "product_id",
        "description",
        "discount_value",
        "min_purchase",
        "valid_from",
        "valid_to",
        "coupon_code",
        "source_url",
    )

    def test_the_full_form(self) -> None:
        """Of one product, in one store, for some days."""
        payload: dict[str, object] = {
            **self.SHORT,
            "store_id": STORE,
            "normalized_product_id": PRODUCT,
            "description": "On all milk",
            "discount_value": "10",
            "min_purchase": 5,
            "valid_from": "2024-03-01",
            "valid_to": "2024-03-31T00:00:00",
            "requires_clip": True,
            "coupon_code": "MILK10",
            "source_url": "https://kroger.example/milk10",
            "scraped_at": "2024-03-01T00:00:00Z",
        }

        assert taken(self.TYPE, payload) == {
            "coupon_id": PURCHASE,
            "store": STORE,
            "product_id": PRODUCT,
            "title": "A tenth off",
            "description": "On all milk",
            "discount_type": "percent",
            "discount_value": Decimal(10),
            "min_purchase": Decimal(5),
            "valid_from": date(2024, 3, 1),
            "valid_to": date(2024, 3, 31),
            "requires_clip": True,
            "coupon_code": "MILK10",
            "source_url": "https://kroger.example/milk10",
        }

    def test_what_is_not_mentioned_is_left_as_it_was(self) -> None:
        """Null clears it; so does an empty product or code."""
        assert taken(self.TYPE, self.SHORT) == {
            "coupon_id": PURCHASE,
            "store": "kroger",
            "title": "A tenth off",
            "discount_type": "percent",
            "requires_clip": False,
            **dict.fromkeys(self.OPTIONAL),
        }
        assert sent_fields(self.TYPE, self.SHORT) == self.ALWAYS
        cleared = {**dict.fromkeys(self.OPTIONAL), "normalized_product_id": "", "coupon_code": ""}
        assert taken(self.TYPE, {**self.SHORT, **cleared}) == taken(self.TYPE, self.SHORT)
        assert sent_fields(self.TYPE, {**self.SHORT, **cleared}) == {*self.ALWAYS, *self.OPTIONAL}

    @pytest.mark.parametrize("named", [{"normalized_product_id": None}, {"product_id": ""}, {"product_id": None}])
    def test_a_coupon_for_anything(self, named: dict[str, object]) -> None:
        """A product that is null under either name is cleared."""
        assert taken(self.TYPE, {**self.SHORT, **named})["product_id"] is None
        assert sent_fields(self.TYPE, {**self.SHORT, **named}) == {*self.ALWAYS, "product_id"}

    @pytest.mark.parametrize("discount_type", ["percent", "fixed", "bogo", "buy_x_get_y"])
    def test_the_kinds_of_discount(self, discount_type: str) -> None:
        """Four, of which two need no value."""
        assert taken(self.TYPE, {**self.SHORT, "discount_type": discount_type})["discount_type"] == discount_type

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"discount_type": "free"}, "discount_type: String should match pattern"),
            ({"discount_type": "percent\n"}, "discount_type: String should match pattern"),
            ({"discount_type": "PERCENT"}, "discount_type: String should match pattern"),
            ({"discount_type": None}, "discount_type: Input should be a valid string"),
            ({"discount_value": -1}, "discount_value: Input should be greater than or equal to 0"),
            ({"requires_clip": "yes"}, "requires_clip: Input should be a valid boolean"),
            ({"requires_clip": None}, "requires_clip: Input should be a valid boolean"),
            ({"title": "t" * 301}, "title: String should have at most 300 characters"),
            ({"description": "d" * 1_001}, "description: String should have at most 1000 characters"),
            ({"coupon_code": "c" * 65}, "coupon_code: String should have at most 64 characters"),
            ({"valid_to": "2024-02-30"}, "valid_to: Value error, day"),
            ({"valid_from": "2101-01-01"}, "valid_from: Value error, 2101-01-01 lies outside"),
            ({"id": "MILK10"}, "id: Value error, 'MILK10' is not a UUID"),
        ],
    )
    def test_what_is_no_coupon(self, change: dict[str, object], reason: str) -> None:
        """Another kind of discount, or a value beyond its bounds."""
        assert error(self.TYPE, {**self.SHORT, **change}).startswith(reason)

    def test_a_removal_names_the_coupon(self) -> None:
        """And nothing else."""
        assert taken("cartsnitch.coupons.removed", {"id": PURCHASE.upper()}) == {"coupon_id": PURCHASE}
        assert error("cartsnitch.coupons.removed", {"coupon_id": PURCHASE}) == "id: Field required"


class TestIndices:
    """cartsnitch.indices.published"""

    TYPE = "cartsnitch.indices.published"
    FOOD: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "series": "CUUR0000SAF11",
        "period": "2024-02",
        "value": 305.037,
    }

    def test_a_value(self) -> None:
        """Of a month, which is kept as its first day."""
        assert taken(self.TYPE, self.FOOD) == {
            "series": "CUUR0000SAF11",
            "period": date(2024, 2, 1),
            "value": Decimal("305.037"),
        }

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"value": 0}, "value: Input should be greater than 0 (got 0)"),
            ({"value": -1}, "value: Input should be greater than or equal to 0 (got -1)"),
            ({"value": None}, "value: Decimal input should be an integer, float, string or Decimal object (got None)"),
            ({"value": "1e9"}, "value: Input should be less than 1000000000 (got '1e9')"),
            ({"value": "0.00001"}, "value: Decimal input should have no more than 4 decimal places (got '0.00001')"),
            ({"period": "2024"}, "period: Value error, a month is text in the form YYYY-MM (got '2024')"),
            ({"period": "2024-M02"}, "period: Value error, a month is text in the form YYYY-MM (got '2024-M02')"),
            ({"period": "2024-02-01"}, "period: Value error, a month is text in the form YYYY-MM (got '2024-02-01')"),
            ({"series": ""}, "series: String should have at least 1 character (got '')"),
        ],
    )
    def test_what_is_no_value(self, change: dict[str, object], reason: str) -> None:
        """An index of zero could not be divided by; a month is written in one way."""
        assert error(self.TYPE, {**self.FOOD, **change}) == reason


class TestAccounts:
    """cartsnitch.accounts.*"""

    SHORT: dict[str, object] = {"user_id": "ada", "store_slug": "kroger"}  # noqa: RUF012 - nobody changes it
    TAKEN: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "user_id": "ada",
        "store": "kroger",
        "happened_at": datetime(2024, 3, 1, 23, 30, tzinfo=UTC),
    }
    EVENTS: dict[str, dict[str, object]] = {  # noqa: RUF012 - nobody changes it
        "connected": {},
        "disconnected": {},
        "sync_started": {"job_id": "j-1"},
        "sync_completed": {"job_id": "j-1", "items_synced": 12},
        "sync_failed": {"job_id": "j-1", "error": "the shop asked for a password"},
    }

    @pytest.mark.parametrize("verb", EVENTS)
    def test_the_full_form(self, verb: str) -> None:
        """With its own time, which is when it happened."""
        payload = {**self.SHORT, **self.EVENTS[verb], "at": "2024-03-01T12:00:00+01:00", "session_data": "secret"}

        assert taken(f"cartsnitch.accounts.{verb}", payload) == {
            **self.TAKEN,
            **self.EVENTS[verb],
            "happened_at": datetime(2024, 3, 1, 11, tzinfo=UTC),
        }

    @pytest.mark.parametrize("at", [{}, {"at": None}])
    @pytest.mark.parametrize("verb", EVENTS)
    def test_the_short_form(self, verb: str, at: dict[str, object]) -> None:
        """Without a time of its own it happened when the envelope says."""
        nothing = dict.fromkeys(self.EVENTS[verb])

        assert taken(f"cartsnitch.accounts.{verb}", {**self.SHORT, **at}) == {**self.TAKEN, **nothing}

    @pytest.mark.parametrize(
        ("verb", "change", "reason"),
        [
            ("connected", {"at": 1709294400}, "at: Value error, a time is text in ISO 8601 (got 1709294400)"),
            ("connected", {"at": "noon"}, "at: Value error, Invalid isoformat string: 'noon' (got 'noon')"),
            ("connected", {"user_id": None}, "user_id: Input should be a valid string (got None)"),
            (
                "sync_completed",
                {"items_synced": -1},
                "items_synced: Input should be greater than or equal to 0 (got -1)",
            ),
            (
                "sync_completed",
                {"items_synced": 10**6},
                "items_synced: Input should be less than 1000000 (got 1000000)",
            ),
            ("sync_started", {"job_id": 7}, "job_id: Input should be a valid string (got 7)"),
            ("sync_failed", {"error": ["no"]}, "error: Input should be a valid string (got ['no'])"),
        ],
    )
    def test_what_is_refused(self, verb: str, change: dict[str, object], reason: str) -> None:
        """A time that is none, a count that is none, no user."""
        assert error(f"cartsnitch.accounts.{verb}", {**self.SHORT, **change}) == reason


class TestShoppingLists:
    """cartsnitch.shopping_lists.saved and .removed"""

    TYPE = "cartsnitch.shopping_lists.saved"
    EMPTY: dict[str, object] = {  # noqa: RUF012 - nobody changes it
        "id": PURCHASE.upper(),
        "user_id": "ada",
        "name": "Weekend",
        "items": [],
    }
    MILK: dict[str, object] = {"name": "Milk", "quantity": "1.5"}  # noqa: RUF012 - nobody changes it

    def test_a_list(self) -> None:
        """Its items in order, and how many there are, whatever count was sent."""
        items = [{**self.MILK, "product_id": PRODUCT.upper()}, {"name": "Bread", "quantity": 2, "checked": True}]

        assert taken(self.TYPE, {**self.EMPTY, "items": items, "item_count": 7}) == {
            "list_id": PURCHASE,
            "user_id": "ada",
            "name": "Weekend",
            "item_count": 2,
            "items": [
                {"product_id": PRODUCT, "name": "Milk", "quantity": Decimal("1.5")},
                {"product_id": None, "name": "Bread", "quantity": Decimal(2)},
            ],
        }

    def test_an_empty_list(self) -> None:
        """It is a list all the same."""
        assert taken(self.TYPE, self.EMPTY) == {
            "list_id": PURCHASE,
            "user_id": "ada",
            "name": "Weekend",
            "item_count": 0,
            "items": [],
        }

    @pytest.mark.parametrize(
        ("named", "product_id"),
        [
            ({"product_id": PRODUCT}, PRODUCT),
            ({"normalized_product_id": PRODUCT}, PRODUCT),
            ({"product_id": None, "normalized_product_id": PRODUCT}, PRODUCT),
            ({"product_id": PRODUCT, "normalized_product_id": STORE}, PRODUCT),
            ({"product_id": ""}, None),
            ({"product_id": None}, None),
            ({}, None),
        ],
    )
    def test_either_name_of_an_item_s_product(self, named: dict[str, object], product_id: str | None) -> None:
        """Here `product_id` is the contract's own name, so it wins."""
        (item,) = taken(self.TYPE, {**self.EMPTY, "items": [{**self.MILK, **named}]})["items"]

        assert item["product_id"] == product_id

    def test_the_longest_list(self) -> None:
        """A thousand items."""
        assert taken(self.TYPE, {**self.EMPTY, "items": [self.MILK] * 1_000})["item_count"] == 1_000
        assert "items: List should have at most 1000 items" in error(
            self.TYPE, {**self.EMPTY, "items": [self.MILK] * 1_001}
        )

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"items": None}, "items: Input should be a valid list (got None)"),
            ({"items": "milk"}, "items: Input should be a valid list (got 'milk')"),
            ({"items": ["milk"]}, "items.0: Input should be a valid dictionary or instance of ListItem (got 'milk')"),
            ({"items": [{"quantity": 1}]}, "items.0.name: Field required"),
            ({"items": [{"name": "Milk"}]}, "items.0.quantity: Field required"),
            (
                {"items": [{"name": "Milk", "quantity": -1}]},
                "items.0.quantity: Input should be greater than or equal to 0 (got -1)",
            ),
            ({"name": None}, "name: Input should be a valid string (got None)"),
            ({"user_id": ""}, "user_id: String should have at least 1 character (got '')"),
        ],
    )
    def test_what_is_no_list(self, change: dict[str, object], reason: str) -> None:
        """Every item has a name and a quantity."""
        assert error(self.TYPE, {**self.EMPTY, **change}) == reason

    def test_a_removal_names_list_and_user(self) -> None:
        """The user too, because it is theirs alone."""
        removed = "cartsnitch.shopping_lists.removed"

        assert taken(removed, {"id": PURCHASE.upper(), "user_id": "ada"}) == {"list_id": PURCHASE, "user_id": "ada"}
        assert error(removed, {"id": PURCHASE}) == "user_id: Field required"
