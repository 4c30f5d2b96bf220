"""A user's own accounts: at the shops, and for e-mailed receipts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.paging import Paged
from gateway.problems import NotFound
from gateway.route import Answer, Nothing, Question, Routes
from gateway.routes.answers import Instant, StoreId
from readmodel.stores.reading import Row

routes = Routes("me")

ACCOUNTS = ("store_accounts", "stores")

SyncStatus = Annotated[
    Literal["never", "running", "completed", "failed"],
    Field(description="How the newest sync stands; never, where there was none."),
]

_INSTRUCTIONS = (
    "Forward the receipts that shops e-mail to you to this address, or have your mailbox do it by a rule. "
    "Each is added to your purchases. The address is yours alone: whoever knows it can add receipts for you."
)


class AccountStore(BaseModel):
    """A shop, shortly; while it is not known yet, its id, name and slug are all what it was called."""

    id: StoreId
    name: str
    slug: str
    logo_url: str | None
    supported: bool


class StoreAccount(BaseModel):
    """How a user's account at a shop stands; `last_sync_at` is when receipts were last fetched completely."""

    store: AccountStore
    connected: bool
    last_sync_at: Instant | None
    sync_status: SyncStatus


class EmailInAddress(BaseModel):
    """Where a user sends e-mailed receipts, and what to do there."""

    email_address: str = Field(examples=["receipts+3xAmpleT0ken@receipts.cartsnitch.com"])
    instructions: str


@routes.get("/api/v1/me/stores", answers=list[StoreAccount], asks=Paged, reads=ACCOUNTS)
async def my_stores(question: Question[Paged]) -> Answer:
    """The user's accounts at shops, by the shop's name."""
    rows, extent = await question.view.page(
        "store_accounts.accounts_of_user", question.asked.part(), user_id=question.caller.id, by_slug=False
    )
    return Answer([_account(row) for row in rows], extent)


@routes.get("/api/v1/me/email-in-address", answers=EmailInAddress, asks=Nothing, reads=["users"], may_be_missing=True)
async def email_in_address(question: Question[Nothing]) -> Answer:
    """Where the user sends e-mailed receipts."""
    user_id = question.caller.id
    found = await question.view.one("users.email_inbox_of_user", user_id=user_id)
    if found is None:
        raise NotFound(what="address for the e-mailed receipts of", key=user_id)
    address = f"receipts+{found['token']}@receipts.cartsnitch.com"
    return Answer({"email_address": address, "instructions": _INSTRUCTIONS})


def _account(row: Row) -> Row:
    state = {field: row[field] for field in StoreAccount.model_fields if field != "store"}
    return {"store": {field: row[field] for field in AccountStore.model_fields}, **state}
