"""SQL files: sections headed `-- name --`, each one statement, with comments that say why."""

import re
from dataclasses import dataclass
from importlib import resources

from readmodel.errors import ReadModelError

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)


class SqlFileInvalid(ReadModelError):
    """{file}: {reason}"""


@dataclass(frozen=True, slots=True)
class SqlFile:
    """The named statements of one file, in the order written."""

    name: str
    sections: dict[str, str]


def read_sql(package: str, filename: str) -> SqlFile:
    """Read a package's SQL file; one that is not there has no sections."""
    file = resources.files(package) / filename
    name = f"{package.replace('.', '/')}/{filename}"
    if not file.is_file():
        return SqlFile(name, {})
    return SqlFile(name, _sections(name, file.read_text()))


def _sections(name: str, text: str) -> dict[str, str]:
    before, *rest = _HEADER.split(text)
    if any(line.strip() and not line.startswith("--") for line in before.splitlines()):
        raise SqlFileInvalid(file=name, reason="a statement stands before the first `-- name --` header")
    sections: dict[str, str] = {}
    for header, body in zip(rest[::2], rest[1::2], strict=True):
        if header in sections:
            raise SqlFileInvalid(file=name, reason=f"two sections are named {header!r}")
        sections[header] = body.strip().rstrip(";")
    return sections


def for_psycopg(statement: str) -> bytes:
    """A statement with `$name` parameters, as DuckDB takes them, in psycopg's spelling.

    In bytes, because psycopg's types take a text only where it is a literal in the code.
    """
    return re.sub(r"\$(\w+)", r"%(\1)s", statement.replace("%", "%%")).encode()


def without_parameters(statement: str) -> str:
    """A statement with NULL for every parameter, which is enough to plan it."""
    return re.sub(r"\$\w+", "NULL", statement)
