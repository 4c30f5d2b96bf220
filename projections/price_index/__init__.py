"""The price index: how much dearer the same goods have become. In DuckDB, because every price there is takes part.

Prices, categories and official indices arrive in any order, so only facts are kept, and the chain is made when asked;
docs/price-index.md has the formula. The prices are those of `price_trends`.
"""

from readmodel.engine.projection import DUCKDB, Projection, Table
from readmodel.events.indices import IndexPublished
from readmodel.events.products import ProductNormalized

projection = Projection(
    version=1,
    stores=(DUCKDB,),
    events=(ProductNormalized, IndexPublished),
    tables=(
        Table("categories", key=("product_id", "since"), newest_by=("moment", "place"), appended=True),
        Table("category_names", key=("category",)),
        Table("cpi", key=("series", "period")),
    ),
)
