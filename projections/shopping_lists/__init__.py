"""What users mean to buy. In Postgres, because a list belongs to one user and is looked up by that user."""

from readmodel.engine.projection import POSTGRES, Erasure, Group, Projection, Table
from readmodel.events.shopping_lists import ShoppingListRemoved, ShoppingListSaved
from readmodel.events.users import UserErased

NEWEST_SAVED = Group(("saved_at",), ("name", "item_count", "updated_at"))
OLDEST_SAVED = Group(("minus_position",), ("created_at",))
REMOVED = Group(("removed_at",), ())

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(ShoppingListSaved, ShoppingListRemoved),
    tables=(Table("lists", key=("user_id", "list_id"), groups=(NEWEST_SAVED, OLDEST_SAVED, REMOVED)),),
    erased_by=Erasure(UserErased, "user_id"),
)
