"""A batch's relations as a store takes them."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from readmodel.engine.projection import POSTGRES, StoreName
from readmodel.engine.relation import Relation
from readmodel.stores.store import Staged


def staged(relations: Sequence[Relation], tables: Mapping[str, pa.Table], store: StoreName) -> Iterator[Staged]:
    """Every relation that a fold reads, typed for its store; one that the batch does not have is empty."""
    for relation in relations:
        columns = {c.name: c.type.postgres if store is POSTGRES else c.type.duckdb for c in relation.columns}
        yield Staged(relation.name, columns, tables.get(relation.name, relation.arrow_schema.empty_table()))
