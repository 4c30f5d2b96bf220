"""How values are written in answers."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT = Decimal("0.01")


def cents(amount: Decimal | None) -> float | None:
    """Money: two decimals, half up."""
    return None if amount is None else float(amount.quantize(CENT, ROUND_HALF_UP))


def hundredths(value: Fraction | float | None) -> float | None:
    """A percentage or an index: two decimals, half up (of a negative one: away from zero)."""
    if value is None:
        return None
    exact = Decimal(value) if isinstance(value, float) else Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(CENT, ROUND_HALF_UP))


def day(value: date | None) -> str | None:
    """A day, as its midnight without a zone."""
    return None if value is None else f"{value.isoformat()}T00:00:00"


def instant(value: datetime) -> str:
    """A moment in UTC."""
    return f"{value.replace(tzinfo=None).isoformat()}Z"


def last(text: str | None) -> tuple[bool, str]:
    """A key that sorts what has no text behind everything."""
    return text is None, text or ""
