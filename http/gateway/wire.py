"""Answers as bytes. Rows go in as the stores give them; what JSON has no form for is written here."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import ETag

_CENT = Decimal("0.01")
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def dumps(answer: Any) -> bytes:
    """An answer as JSON. A Decimal is money; routes make plain numbers of what is not."""
    return orjson.dumps(answer, default=_written, option=_OPTIONS)


def money(amount: Decimal) -> float:
    """An amount to the cent, halves up, as shops round."""
    return float(amount.quantize(_CENT, ROUND_HALF_UP))


def day(value: date) -> str:
    """A day as a local midnight: browsers show a bare date as the day before in America."""
    return f"{value.isoformat()}T00:00:00"


def instant(value: datetime) -> str:
    """A moment in UTC, with `Z`."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def etag_of(body: bytes) -> ETag:
    """A strong tag made of the bytes alone, so that an answer that did not change keeps it as positions move on."""
    return ETag(blake2b(body, digest_size=16).hexdigest())


def _written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return day(value)
    raise TypeError(f"{type(value).__name__} has no form on the wire")
