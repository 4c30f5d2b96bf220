"""The shops and their branches. They are few and named everywhere, so they live in both stores."""

from readmodel.engine.projection import DUCKDB, POSTGRES, Entity, Projection, Table
from readmodel.events.stores import StoreLocationUpdated, StoreUpdated

projection = Projection(
    version=2,
    stores=(POSTGRES, DUCKDB),
    tables=(
        Entity("stores", key="store_id", saved_by=StoreUpdated),
        Table("slugs", key=("slug", "store_id")),
        Entity("locations", key="location_id", saved_by=StoreLocationUpdated),
    ),
)
