"""Where users have their e-mailed receipts sent. In Postgres, because users ask for their own."""

from readmodel.engine.projection import POSTGRES, Erasure, Projection, Table
from readmodel.events.users import UserErased, UserRegistered

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(UserRegistered,),
    tables=(Table("email_inboxes", key=("user_id",)),),
    erased_by=Erasure(UserErased, "user_id"),
)
