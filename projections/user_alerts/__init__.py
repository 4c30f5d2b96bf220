"""Which price increases and shrunken packs concern whom. In Postgres, because it is asked for one user at a time.

An alert and the receipts that make it somebody's business come in any order and may be years apart, so both are
kept, and meet when a user asks. Thresholds are applied then too: a change of settings shows at once. What shrank is
kept by the projection `shrinkflation`.
"""

from readmodel.engine.projection import POSTGRES, Entity, Erasure, Projection, Table
from readmodel.events.alerts import PriceIncreased
from readmodel.events.receipts import ReceiptIngested
from readmodel.events.users import UserAlertRead, UserAlertSettingsChanged, UserErased

projection = Projection(
    version=2,
    stores=(POSTGRES,),
    events=(PriceIncreased, ReceiptIngested, UserAlertRead),
    tables=(
        Table("alerts", key=("alert_id",)),
        Table("bought_products", key=("user_id", "product_id")),
        Table("bought_upcs", key=("user_id", "upc")),
        Table("read_alerts", key=("user_id", "alert_id")),
        Entity("settings", key="user_id", saved_by=UserAlertSettingsChanged),
    ),
    erased_by=Erasure(UserErased, "user_id"),
)
