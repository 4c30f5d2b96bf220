"""The shops. They are few and named everywhere, so they live in both stores."""

from readmodel.engine.projection import DUCKDB, POSTGRES, Entity, Projection
from readmodel.events.stores import StoreUpdated

projection = Projection(
    version=1,
    stores=(POSTGRES, DUCKDB),
    tables=(Entity("stores", key="store_id", saved_by=StoreUpdated),),
)
