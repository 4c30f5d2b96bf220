"""The shops."""

from uuid import UUID

from pydantic import BaseModel

from gateway.access import Access
from gateway.paging import Paged
from gateway.route import Answer, Question, Routes

routes = Routes("stores")


class Store(BaseModel):
    """A shop whose receipts can be read."""

    id: UUID
    name: str
    slug: str
    logo_url: str | None
    supported: bool


@routes.get("/api/v1/stores", answers=list[Store], asks=Paged, reads=["stores"], access=Access.ANYBODY)
async def stores(question: Question[Paged]) -> Answer:
    """Every shop there is, by name."""
    rows, total = await question.view.page("stores.all_stores", question.asked.part())
    return Answer([{**row, "supported": True} for row in rows], total)
