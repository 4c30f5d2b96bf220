"""Every word that a product was ever named with: what a search is read against. In Postgres, beside the catalogue.

A word stays when its last product goes. It then leads a search to no product, and keeps no misspelling from being read.
"""

from readmodel.engine.projection import POSTGRES, Projection, Table
from readmodel.events.products import ProductNormalized

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(ProductNormalized,),
    tables=(Table("words", key=("word",), newest_by=("earliness",)),),
)
