"""CSV files to import, plain or gzipped: their rows, and what makes one unreadable."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from readmodel.errors import ReadModelError


class BadRow(ReadModelError):
    """{path}, line {line}: {problem}: {value!r}"""


class UnknownHeader(ReadModelError):
    """{path}: the header is {found}, expected {expected}"""


class UnreadableFile(ReadModelError):
    """{path} cannot be read: {reason}"""


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, fields), the header first; every row has as many fields as the header, and blank lines are none."""
    with readable(path) as file:
        # With or without the mark that spreadsheets put in front.
        reader = csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), strict=True)
        header = next(reader, [])
        yield 1, header
        for row in filter(None, reader):
            if len(row) != len(header):
                problem = f"{len(row)} columns instead of {len(header)}; quote a text that has a comma in it"
                raise BadRow(path=path, line=reader.line_num, problem=problem, value=",".join(row))
            yield reader.line_num, row


@contextmanager
def readable(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked; UnreadableFile for whatever goes wrong while they are read."""
    try:
        with cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(path=path, reason=error) from error
