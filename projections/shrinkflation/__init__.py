"""Packs that got smaller. In Postgres, because they also stand among the alerts of single users."""

from readmodel.engine.projection import POSTGRES, Projection, Table
from readmodel.events.alerts import ShrinkflationFound

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(ShrinkflationFound,),
    tables=(Table("findings", key=("alert_id",)),),
)
