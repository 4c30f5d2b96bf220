"""Import of official price indices: a CSV of months becomes events of the public contract.

These files are small, so one is read and checked whole before anything is published.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from readmodel.events.cloudevent import CloudEvent
from readmodel.events.ids import stable_id
from readmodel.importers.csv_files import BadRow, UnknownHeader, csv_rows

TYPE: Final = "cartsnitch.indices.published"
SOURCE: Final = "stickershock"
COLUMNS: Final = ("period", "index", "series")

# What the event contract allows; 2100 is left out, because a month is published in the one after it.
_MONTH: Final = re.compile(r"(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])")
_VALUE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_SERIES: Final = re.compile(r"[^\x00]{1,64}")


class Published(NamedTuple):
    """The value of a series for a month, `YYYY-MM`, as the file writes it."""

    series: str
    period: str
    value: str


def read_cpi(path: Path) -> list[Published]:
    """The rows of a CSV, plain or gzipped, in the file's order; columns other than `COLUMNS` are ignored.

    Raises BadRow, UnknownHeader or UnreadableFile at the first fault.
    """
    lines: dict[tuple[str, str], int] = {}
    found: list[Published] = []
    for line, row in _rows(path):
        published = _published(path, line, row)
        earlier = lines.setdefault(published[:2], line)
        if earlier != line:
            problem = f"line {earlier} has this month of {published.series} already; keep one of them"
            raise BadRow(path=path, line=line, problem=problem, value=published.period)
        found.append(published)
    return found


def events_of(rows: list[Published]) -> Iterator[CloudEvent]:
    """One event per row, the same every time; a revised value is a new event."""
    for row in rows:
        data: dict[str, Any] = {"series": row.series, "period": row.period, "value": row.value}
        yield CloudEvent(type=TYPE, source=SOURCE, time=_month_after(row.period), data=data, id=stable_id(TYPE, *row))


def _published(path: Path, line: int, row: Mapping[str, str]) -> Published:
    period, value, series = (row[column] for column in COLUMNS)
    if not _MONTH.fullmatch(period):
        problem = "not a month; write it as YYYY-MM, 1970 to 2099"
        raise BadRow(path=path, line=line, problem=problem, value=period)
    if not _VALUE.fullmatch(value) or float(value) <= 0:
        problem = "not an index above zero with at most 4 decimals; remove the row if none was published"
        raise BadRow(path=path, line=line, problem=problem, value=value)
    if not _SERIES.fullmatch(series):
        problem = "not the name of a series; write 1 to 64 characters"
        raise BadRow(path=path, line=line, problem=problem, value=series)
    return Published(series, period, value)


def _month_after(period: str) -> datetime:
    year, month = int(period[:4]), int(period[5:])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, fields by column)."""
    rows = csv_rows(path)
    _, header = next(rows)
    if not set(COLUMNS) <= set(header):
        raise UnknownHeader(path=path, found=",".join(header), expected=f"the columns {','.join(COLUMNS)}")
    for line, row in rows:
        yield line, dict(zip(header, row, strict=True))
