"""What users bought. In Postgres, because every row belongs to one user and is looked up by that user."""

from readmodel.engine.projection import POSTGRES, Erasure, Projection, Table
from readmodel.events.receipts import ReceiptIngested
from readmodel.events.users import UserErased

FULL_BEATS_SHORT = ("is_full", "position")

projection = Projection(
    version=2,
    stores=(POSTGRES,),
    events=(ReceiptIngested,),
    tables=(
        Table("receipts", key=("user_id", "purchase_id"), newest_by=FULL_BEATS_SHORT),
        Table("lines", key=("user_id", "purchase_id", "line_no"), newest_by=FULL_BEATS_SHORT),
    ),
    erased_by=Erasure(UserErased, "user_id"),
)
