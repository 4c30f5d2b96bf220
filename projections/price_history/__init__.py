"""What each product cost, store by store and day by day. In Postgres, because it is looked up by product."""

from readmodel.engine.projection import POSTGRES, Projection, Table
from readmodel.events.prices import PriceUpdated

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(PriceUpdated,),
    tables=(Table("points", key=("product_id", "store", "day")),),
)
