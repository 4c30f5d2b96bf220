"""Which shops' receipts are read for whom, and how that goes. In Postgres, because users ask for their own.

A shop is kept as each event names it; accounts that turn out to be one are put together when a user asks. Connection,
sync status and last complete sync are told by different events, so each of them is the newest by a position of its own.
"""

from readmodel.engine.projection import POSTGRES, Erasure, Group, Projection, Table
from readmodel.events.accounts import (
    AccountConnected,
    AccountDisconnected,
    SyncCompleted,
    SyncFailed,
    SyncStarted,
)
from readmodel.events.users import UserErased

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    events=(AccountConnected, AccountDisconnected, SyncStarted, SyncCompleted, SyncFailed),
    tables=(
        Table(
            "accounts",
            key=("user_id", "store"),
            groups=(
                Group(("connection_position",), ("connected",)),
                Group(("sync_position",), ("sync_status",)),
                Group(("completed_position",), ("last_sync_at", "items_synced")),
            ),
        ),
    ),
    erased_by=Erasure(UserErased, "user_id"),
)
