"""Rows as Postgres sends them, CSV, gathered and read as texts."""

from collections.abc import Iterator

import pyarrow as pa
from pyarrow import csv

BYTES_AT_ONCE = 4 << 20


def gathered(rows: Iterator[bytes]) -> Iterator[bytes]:
    """Rows, which Postgres sends one by one, in parts that are worth a call each."""
    gathered: list[bytes] = []
    size = 0
    for row in rows:
        gathered.append(row)
        size += len(row)
        if size >= BYTES_AT_ONCE:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def parsed(rows: bytes, names: list[str]) -> pa.Table:
    """CSV as texts, one column each."""
    # Without quotes \N is NULL; with them it is a text of two signs.
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=["\\N"],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return csv.read_csv(
        pa.BufferReader(rows),
        csv.ReadOptions(column_names=names, use_threads=False, block_size=len(rows) + 1),
        csv.ParseOptions(newlines_in_values=True),
        convert,
    )
