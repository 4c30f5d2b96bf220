"""How the archive keeps a stream's entries: as the relations of their types, with the bytes beside them."""

import ast
import hashlib
import importlib
import inspect
import io
import tokenize
from collections.abc import Mapping
from functools import cache

import pyarrow as pa

from readmodel.archive.manifest import UNREAD
from readmodel.archive.segment import POSITION, RAW, Rows
from readmodel.engine.folding.batch import batch_of
from readmodel.engine.relation import relations_of
from readmodel.events.envelope import Entry
from readmodel.events.event import Event, contracts, stream_of

EVENTS = "readmodel.events"
DECODING = ("readmodel.events.decode", "readmodel.engine.relation")
"""What takes part in decoding any event, with all that it imports from the events."""


def typed(stream: str, rows: Rows) -> dict[str, pa.Table]:
    """Entries as relations, those of events with the bytes in a column `raw`; what has no relation is `unread`."""
    batch = batch_of(stream, [Entry(position, raw) for position, raw in rows])
    raws, found = dict(rows), dict[str, pa.Table]()
    for model in models_of(stream):
        own, *children = relations_of(model)
        if (events := batch.rows(own)).num_rows:
            kept = [raws.pop(position) for position in events[POSITION].to_pylist()]
            found[own.name] = events.append_column(RAW, pa.array(kept, pa.binary()))
            found |= {child.name: batch.rows(child) for child in children}
    if raws:
        found[UNREAD] = pa.table({POSITION: pa.array(raws, pa.int64()), RAW: pa.array(raws.values(), pa.binary())})
    return found


def models_of(stream: str) -> tuple[type[Event], ...]:
    """The contracts of a stream."""
    return tuple(model for model in contracts().values() if stream_of(model.type) == stream)


@cache
def digests() -> Mapping[str, str]:
    """For each relation the digest of what types it; rows that were typed by something else are decoded again."""
    return {relation.name: digest_of(model) for model in contracts().values() for relation in relations_of(model)}


def digest_of(model: type[Event]) -> str:
    """The digest of the source, less comments, of all modules that take part in decoding an event of this type."""
    digest = hashlib.sha256(model.type.encode())
    for module in sorted({name for start in (model.__module__, *DECODING) for name in _reached_from(start)}):
        digest.update(_without_comments(module).encode())
    return digest.hexdigest()


@cache
def _reached_from(start: str) -> frozenset[str]:
    """A module and those of the events that it imports, directly or not."""
    found, waiting = set[str](), [start]
    while waiting:
        module = waiting.pop()
        found.add(module)
        tree = ast.parse(_source(module))
        imports = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        waiting += [name for name in imports if name and name.startswith(f"{EVENTS}.") and name not in found]
    return frozenset(found)


def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


@cache
def _without_comments(module: str) -> str:
    """What Python makes of a source: no comments, no blank lines, no matter how it is laid out."""
    tokens = tokenize.generate_tokens(io.StringIO(_source(module)).readline)
    dull = (tokenize.COMMENT, tokenize.NL)
    return "\n".join(token.string for token in tokens if token.type not in dull)
