"""The same prices for questions over many products at once. In DuckDB, because those scan and aggregate."""

from readmodel.engine.projection import DUCKDB, Projection, Table
from readmodel.events.prices import PriceUpdated

projection = Projection(
    version=1,
    stores=(DUCKDB,),
    events=(PriceUpdated,),
    tables=(Table("points", key=("product_id", "store", "day"), appended=True),),
)
