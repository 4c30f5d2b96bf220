"""The product catalogue. Its names and categories are joined to nearly everything, so it lives in both stores."""

from readmodel.engine.projection import DUCKDB, POSTGRES, Entity, Projection
from readmodel.events.products import ProductNormalized, ProductRemoved

projection = Projection(
    version=2,
    stores=(POSTGRES, DUCKDB),
    tables=(Entity("products", key="product_id", saved_by=ProductNormalized, removed_by=ProductRemoved),),
)
