"""Rows of today's shared database as events of the public contract; the same row makes the same event every time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from readmodel.errors import ReadModelError
from readmodel.events.cloudevent import CloudEvent
from readmodel.events.event import PREFIX
from readmodel.events.ids import stable_id
from readmodel.importers.cartsnitch_tables import ITEMS, PURCHASES, Row, Table

UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a row happened that has no date. It must not be now: a repetition must send the same."""

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_FLAGS: Final = {"true": True, "false": False}
# Why a sync failed, by the status that it left behind; null where none did.
_FAILURES: Final = {"active": None, "expired": "The session has expired.", "error": "The last sync failed."}

Payload = dict[str, Any]


class ColumnUnusable(ReadModelError):
    """{column}: {reason}"""


def events_of(table: Table, row: Row, items: Sequence[Row] = ()) -> list[CloudEvent]:
    """The events of a row; of a purchase with its items. ColumnUnusable where a column says why there is none."""
    for of, part in ((table, row), *((ITEMS, item) for item in items)):
        for column in of.must:
            if part[column] is None:
                prefix = f"items.{items.index(part)}." if of is ITEMS else ""
                raise ColumnUnusable(column=prefix + column, reason="it is null")
    if table is PURCHASES:
        return [_purchase(row, items)]
    return list(_MAKERS.get(table.name, _one_to_one)(table, row))


def _one_to_one(table: Table, row: Row) -> Iterator[CloudEvent]:
    yield _event(table, row, _date(table, row), _data(table, row))


def _product(table: Table, row: Row) -> Iterator[CloudEvent]:
    data = _data(table, row)
    if "upc_variants" in row:
        data["upc_variants"] = _upcs(row["upc_variants"])
    yield _event(table, row, _date(table, row), data)


def _user(table: Table, row: Row) -> Iterator[CloudEvent]:
    created = _date(table, row)
    known = {} if created == UNDATED else {"created_at": _iso(created)}
    yield _event(table, row, created, _data(table, row) | known)


def _coupon(table: Table, row: Row) -> Iterator[CloudEvent]:
    data = _data(table, row)
    data["requires_clip"] = _FLAGS.get(data["requires_clip"], data["requires_clip"])
    yield _event(table, row, _date(table, row), data)


def _account(table: Table, row: Row) -> Iterator[CloudEvent]:
    """The connection; then the last sync that was complete; then, if the account is no longer read, why."""
    if row["status"] not in _FAILURES:
        raise ColumnUnusable(column="status", reason=f"it is none of {', '.join(_FAILURES)}")
    whose = {"user_id": row["user_id"], "store_id": row["store_id"]}
    synced = _moment(row, "last_sync_at")
    changed = _moment(row, "updated_at")
    connected = _moment(row, "created_at") or synced or changed or UNDATED
    yield _event(table, row, connected, {**whose, "at": _iso(connected)})
    if synced:
        yield _event(table, row, synced, {**whose, "at": _iso(synced)}, "accounts.sync_completed")
    if failure := _FAILURES[row["status"] or ""]:
        failed = changed or synced or connected
        data = {**whose, "at": _iso(failed), "error": failure}
        yield _event(table, row, failed, data, "accounts.sync_failed")


_MAKERS: Final[dict[str, Callable[[Table, Row], Iterator[CloudEvent]]]] = {
    "normalized_products": _product,
    "users": _user,
    "user_store_accounts": _account,
    "coupons": _coupon,
}


def _purchase(row: Row, items: Sequence[Row]) -> CloudEvent:
    data = _data(PURCHASES, row) | {"item_count": len(items), "items": [_item(item) for item in items]}
    return _event(PURCHASES, row, _date(PURCHASES, row), data)


def _item(row: Row) -> Payload:
    # An event has a largest size, and a receipt many items with little in them: what is null is left out.
    return {
        column: value for column, value in _data(ITEMS, row).items() if value is not None and column != "purchase_id"
    }


def _data(table: Table, row: Row) -> Payload:
    return {table.renamed.get(column, column): row[column] for column in (*table.must, *table.may) if column in row}


def _event(table: Table, row: Row, time: datetime, data: Payload, event: str | None = None) -> CloudEvent:
    event_type = PREFIX + (event or table.event)
    # The content is part of the id, its date is not: a row that changed is a new event, one that was touched is not.
    event_id = stable_id(event_type, str(row["id"]), orjson.dumps(data).decode())
    return CloudEvent(event_type, table.source, time, data, event_id)


def _date(table: Table, row: Row) -> datetime:
    return next((moment for column in table.dated_by if (moment := _moment(row, column))), UNDATED)


def _moment(row: Row, column: str) -> datetime | None:
    """A date or time, in UTC where no zone is given; None where there is none."""
    text = row.get(column)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ColumnUnusable(column=column, reason="it is no time from 1970 to 2100") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ColumnUnusable(column=column, reason="it is no time from 1970 to 2100")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _upcs(text: str | None) -> Any:
    """The bar codes in a JSON document: a list, one alone, or either of them as a text in it. What is neither is
    left as it is, for the contract to refuse."""
    found = _parsed(text)
    if isinstance(found, str) and found.lstrip().startswith("["):
        found = _parsed(found)
    if found is None or isinstance(found, str | int):
        found = [found]
    if not isinstance(found, list):
        return found
    return [_upc(upc) for upc in found if upc is not None and upc != ""]


def _upc(upc: object) -> object:
    return str(upc) if isinstance(upc, int) and not isinstance(upc, bool) else upc


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ColumnUnusable(column="upc_variants", reason=f"it is not JSON that can be read ({error})") from None
