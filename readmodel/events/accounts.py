"""Stream `cartsnitch.accounts`: users' accounts at the shops, and how ReceiptWitness fares in reading them."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from readmodel.events.event import Contract, Event, Payload, first_of, store_as_sent
from readmodel.events.fields import Count, Instant, Key, Notes, Title


class _AtStore(Contract):
    """Whose account, at which store, and when; without an `at` it was when the envelope says."""

    user_id: Key
    store: Key
    # DuckDB takes `at` for a word of its own.
    happened_at: Annotated[Instant, Field(validation_alias="at")]

    @model_validator(mode="before")
    @classmethod
    def _name_store_and_time(cls, payload: Any) -> Payload:
        at = first_of(payload, "at", "occurred_at")
        return {**payload, "store": store_as_sent(payload), "at": at}


_SENT_AS: dict[str, tuple[str, ...]] = {"store": ("store_id", "store_slug"), "happened_at": ("at",)}


class AccountConnected(_AtStore, Event):
    """A user let the service read the receipts of a store account."""

    type: ClassVar = "cartsnitch.accounts.connected"
    sent_as: ClassVar = _SENT_AS


class AccountDisconnected(_AtStore, Event):
    """A user took that back."""

    type: ClassVar = "cartsnitch.accounts.disconnected"
    sent_as: ClassVar = _SENT_AS


class SyncStarted(_AtStore, Event):
    """Receipts are being fetched."""

    type: ClassVar = "cartsnitch.accounts.sync_started"
    sent_as: ClassVar = _SENT_AS

    job_id: Title | None = None


class SyncCompleted(_AtStore, Event):
    """All receipts that there were have been fetched."""

    type: ClassVar = "cartsnitch.accounts.sync_completed"
    sent_as: ClassVar = _SENT_AS

    job_id: Title | None = None
    items_synced: Count | None = None


class SyncFailed(_AtStore, Event):
    """Receipts could not be fetched."""

    type: ClassVar = "cartsnitch.accounts.sync_failed"
    sent_as: ClassVar = _SENT_AS

    job_id: Title | None = None
    error: Notes | None = None
