"""Users' accounts at the stores, their shopping lists, and where they send e-mailed receipts."""

from collections import defaultdict
from datetime import datetime

from tests.oracle.alerts import Sentence
from tests.oracle.reading import Fields, Told, newest, own_id, store_of
from tests.oracle.shops import Shops, Store, brief
from tests.oracle.wire import instant

_SYNCS = {"sync_started": "running", "sync_completed": "completed", "sync_failed": "failed"}


class Account:
    """One user's account at one store, out of all that was told of it; at least one thing was."""

    def __init__(self, told: list[Told]) -> None:
        self._told = told

    @property
    def connected(self) -> bool:
        """Where nobody said so, a sync shows it."""
        found = self._newest("connected", "disconnected")
        return found is None or _verb(found) == "connected"

    @property
    def status(self) -> str:
        """How the newest sync stands."""
        found = self._newest(*_SYNCS)
        return _SYNCS[_verb(found)] if found else "never"

    @property
    def last_sync_at(self) -> str | None:
        """When receipts were last fetched completely."""
        if (found := self._newest("sync_completed")) is None:
            return None
        at = found.data.get("at")
        return instant(datetime.fromisoformat(at) if at else found.at)

    @property
    def items_synced(self) -> int | None:
        """How many that were."""
        found = self._newest("sync_completed")
        return found.data.get("items_synced") if found else None

    def _newest(self, *verbs: str) -> Told | None:
        return newest(told for told in self._told if _verb(told) in verbs)


def accounts_of(told: list[Told], shops: Shops) -> dict[Store, Account]:
    """A user's accounts; events by slug and by id of one store are of one account."""
    found: defaultdict[Store, list[Told]] = defaultdict(list)
    for each in told:
        found[shops.meant(str(store_of(each.data)))].append(each)
    return {store: Account(events) for store, events in found.items()}


def my_stores(accounts: dict[Store, Account]) -> list[Fields]:
    """GET /me/stores."""
    return [
        {
            "store": brief(store),
            "connected": accounts[store].connected,
            "last_sync_at": accounts[store].last_sync_at,
            "sync_status": accounts[store].status,
        }
        for store in sorted(accounts, key=lambda store: (store.name, store.id))
    ]


def sync_states(accounts: dict[Store, Account]) -> list[Fields]:
    """GET /scraping/status."""
    return [
        {
            "store_slug": store.slug,
            "status": accounts[store].status,
            "last_sync_at": accounts[store].last_sync_at,
            "items_synced": accounts[store].items_synced,
        }
        for store in sorted(accounts, key=lambda store: store.slug)
    ]


def lists_of(told: list[Told]) -> list[Fields]:
    """GET /shopping/lists, out of what was told of one user's."""
    by_id: defaultdict[str, list[Told]] = defaultdict(list)
    for each in sorted(told, key=lambda each: each.position):
        by_id[own_id(each)].append(each)
    there = {i: [t for t in events if _saves(t)] for i, events in by_id.items() if _saves(events[-1])}
    newest_first = sorted(sorted(there), key=lambda i: there[i][-1].at, reverse=True)
    return [
        {
            "id": list_id,
            "name": there[list_id][-1].data["name"],
            "item_count": len(there[list_id][-1].data["items"]),
            "created_at": instant(there[list_id][0].at),
            "updated_at": instant(there[list_id][-1].at),
        }
        for list_id in newest_first
    ]


def email_in_address(registered: list[Told]) -> Fields | None:
    """GET /me/email-in-address, out of one user's registrations."""
    found = newest(told for told in registered if told.data.get("email_inbound_token"))
    if found is None:
        return None
    address = f"receipts+{found.data['email_inbound_token']}@receipts.cartsnitch.com"
    return {"email_address": address, "instructions": Sentence()}


def _saves(told: Told) -> bool:
    return told.type == "shopping_lists.saved"


def _verb(told: Told) -> str:
    return told.type.removeprefix("accounts.")
