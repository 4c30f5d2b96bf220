"""What a user means to buy."""

from uuid import UUID

from pydantic import BaseModel

from gateway.paging import Paged
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Instant

routes = Routes("shopping")


class ShoppingList(BaseModel):
    """A list without its items. It keeps the moment of its creation when it is removed and saved again."""

    id: UUID
    name: str
    item_count: int
    created_at: Instant
    updated_at: Instant


@routes.get("/api/v1/shopping/lists", answers=list[ShoppingList], asks=Paged, reads=["shopping_lists"])
async def shopping_lists(question: Question[Paged]) -> Answer:
    """The user's lists, most recently changed first."""
    rows, extent = await question.view.page(
        "shopping_lists.lists_of_user", question.asked.part(), user_id=question.caller.id
    )
    return Answer(rows, extent)
