"""How fetching a user's receipts from the shops goes."""

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.route import Answer, Question, Routes
from gateway.routes.answers import Instant
from gateway.routes.me import ACCOUNTS, SyncStatus

routes = Routes("scraping")


class SyncState(BaseModel):
    """How the newest sync of an account stands, and what the newest complete one brought."""

    store_slug: str = Field(description="A store's slug; while the store is not known yet, what it was called.")
    status: SyncStatus
    last_sync_at: Instant | None
    items_synced: int | None


@routes.get("/api/v1/scraping/status", answers=list[SyncState], asks=Paged, reads=ACCOUNTS)
async def sync_states(question: Question[Paged]) -> Answer:
    """How fetching the user's receipts goes, by the shop's slug."""
    rows, extent = await question.view.page(
        "store_accounts.accounts_of_user", question.asked.part(), user_id=question.caller.id, by_slug=True
    )
    states = [
        {
            "store_slug": row["slug"],
            "status": row["sync_status"],
            "last_sync_at": row["last_sync_at"],
            "items_synced": row["items_synced"],
        }
        for row in rows
    ]
    return Answer(states, extent)
