"""A manifest: what one segment holds. It is written last, so a segment without one is none."""

import hashlib
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator

from readmodel.errors import ReadModelError
from readmodel.events.position import format_position, parse_position

SUFFIX = ".json"
UNREAD = "unread"
"""The file of entries that no relation has: of unknown types, and undecodable ones."""

_NAME = re.compile(r"(\d+-\d+)_(\d+-\d+)_([0-9a-f]+)")


class ArchiveDamaged(ReadModelError):
    """The archive is damaged: {file} of segment {segment} {reason}. Events are missing or wrong, so nothing is read
    past it: restore it from a backup of the archive."""


class Part(BaseModel):
    """One Parquet file of a segment.

    `has_raw` says that its rows are events with their bytes, `contract` is the digest of what typed its columns.
    """

    model_config = ConfigDict(frozen=True)

    relation: str
    rows: int
    bytes: int
    sha256: str
    has_raw: bool
    contract: str | None = None

    @property
    def filename(self) -> str:
        return f"{self.relation}.parquet"


class Manifest(BaseModel):
    """A segment: the entries of a stream after one position and up to another.

    `level` counts how often it was merged. A `gap` has no entries: they are lost, and an operator accepted that.
    Those `erased` were archived and are gone from its files; they count among its `entries`, as they did before.
    """

    model_config = ConfigDict(frozen=True)

    stream: str
    after: int
    upto: int
    token: str = Field(default_factory=lambda: secrets.token_hex(4))
    entries: int = 0
    level: int = 0
    gap: bool = False
    erased: tuple[int, ...] = ()
    last_sha256: str | None = None
    written_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """The segment's, in its stream: `<after>_<upto>_<token>`."""
        return f"{format_position(self.after)}_{format_position(self.upto)}_{self.token}"

    @property
    def folder(self) -> str:
        """Where its files are."""
        return f"{self.stream}/{self.name}"

    @property
    def path(self) -> str:
        """Where it is itself."""
        return f"{self.folder}{SUFFIX}"

    def path_of(self, part: Part) -> str:
        """Where one of its files is."""
        return f"{self.folder}/{part.filename}"

    def damaged(self, part: Part, reason: object) -> ArchiveDamaged:
        """The error that names one of its files."""
        return ArchiveDamaged(segment=self.folder, file=part.filename, reason=reason)

    def to_json(self) -> bytes:
        """What is written, with a checksum of its own."""
        body = self.model_dump(mode="json")
        return orjson.dumps({"manifest": body, "sha256": _sha256(body)}, option=orjson.OPT_INDENT_2)

    def erased_after(self, position: int) -> tuple[int, ...]:
        """Those of its erased positions that come after another."""
        return tuple(at for at in self.erased if at > position)

    @field_serializer("after", "upto")
    def _as_entry_id(self, position: int) -> str:
        return format_position(position)

    @field_serializer("erased")
    def _as_entry_ids(self, positions: tuple[int, ...]) -> list[str]:
        return [format_position(position) for position in positions]

    @field_validator("after", "upto", mode="before")
    @classmethod
    def _from_entry_id(cls, value: Any) -> Any:
        return parse_position(value) if isinstance(value, str) else value

    @field_validator("erased", mode="before")
    @classmethod
    def _from_entry_ids(cls, value: Any) -> Any:
        return tuple(parse_position(at) if isinstance(at, str) else at for at in value)


def read_manifest(stream: str, name: str, content: bytes) -> Manifest:
    """What `to_json` wrote; ArchiveDamaged where it is anything else."""
    manifest = _parsed(content)
    if manifest is None or (manifest.stream, manifest.name) != (stream, name):
        reason = "is not the manifest that was written"
        raise ArchiveDamaged(segment=f"{stream}/{name}", file=f"{name}{SUFFIX}", reason=reason)
    return manifest


def _parsed(content: bytes) -> Manifest | None:
    try:
        document = orjson.loads(content)
        intact = document["sha256"] == _sha256(document["manifest"])
        return Manifest.model_validate(document["manifest"]) if intact else None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValidationError, ReadModelError):
        return None


def range_of(name: str) -> tuple[int, int] | None:
    """After and up to which position a segment of this name goes; None where it is no such name."""
    found = _NAME.fullmatch(name)
    return (parse_position(found[1]), parse_position(found[2])) if found else None


def _sha256(body: Any) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
