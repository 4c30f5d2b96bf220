"""What the demo prints: answers of the running service, and the events as they go by."""

from collections.abc import Iterable
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from readmodel.demo.highlights import Highlights
from readmodel.errors import ReadModelError
from readmodel.events.cloudevent import CloudEvent


class AnswerMissing(ReadModelError):
    """GET {path} answered {status}: {body}"""


async def show_answers(console: Console, session: aiohttp.ClientSession, found: Highlights) -> None:
    """Ask for a trend, a comparison, the inflation and one user's alerts; AnswerMissing when one is not there."""
    trend = await _get(session, f"/api/v1/public/trends/{found.product_id}?days=365")
    _print(console, f"{trend['product_name']}: prices lately", trend["data_points"][-8:], "date", "price", "store_name")
    (compared,) = await _get(session, f"/api/v1/prices/comparison?product_ids={found.product_id}")
    title = f"{compared['product_name']}: what it costs where"
    _print(console, title, compared["prices"], "store_name", "current_price", "last_seen_at")
    index = await _get(session, "/api/v1/public/inflation?period=6m")
    _print(console, "How much dearer it all became", index["series"], "month", "cartsnitch_index", "cpi")
    alerts = await _get(session, "/api/v1/alerts?page_size=5")
    _print(console, f"The newest alerts of {found.email}", alerts, "triggered_at", "message")


def show_where_to_look(console: Console, url: str, found: Highlights, token: str) -> None:
    """Print addresses to open, and how to ask as a user."""
    console.print("\nOpen in a browser:")
    for path in ("/docs", "/asyncapi", f"/api/v1/public/trends/{found.product_id}", "/readyz"):
        console.print(f"  {url}{path}", soft_wrap=True)
    console.print(
        f"\nAsk as {found.email}:\n  curl -H 'Authorization: Bearer {token}' {url}/api/v1/alerts",
        soft_wrap=True, markup=False, highlight=False,
    )  # fmt: skip
    console.print("\nEvents from here on are of today. Ctrl-C ends the demo; its data stay.\n")


class Narrator:
    """Tells events with the names that the history gave to things."""

    def __init__(self, console: Console, history: Iterable[CloudEvent]) -> None:
        self._console = console
        self._names: dict[str, str] = {}
        for event in history:
            self._learn(event.data)

    def tell(self, event: CloudEvent) -> None:
        """Print one line for an event."""
        self._learn(event.data)
        kind = event.type.removeprefix("cartsnitch.")
        line = f"{event.time:%H:%M:%S}  {kind:23} {self._told(kind, event.data)}"
        self._console.print(line, highlight=False, markup=False, no_wrap=True, overflow="ellipsis")

    def _learn(self, data: dict[str, Any]) -> None:
        for key, name in (("normalized_product_id", "canonical_name"), ("user_id", "email")):
            if data.get(name) and key in data:
                self._names[data[key]] = data[name]

    def _told(self, kind: str, data: dict[str, Any]) -> str:
        product_id = data.get("normalized_product_id") or data.get("product_id") or ""
        what = self._names.get(product_id, product_id)
        match kind:
            case "prices.updated":
                sale = f", on sale for {data['sale_price']}" if data.get("sale_price") else ""
                return f"{what} costs {data.get('regular_price') or data.get('new_price')}{sale}, {data['store_slug']}"
            case "receipts.ingested":
                who = self._names.get(data["user_id"], data["user_id"])
                return f"{who} spent {data['total']}, {data['store_slug']}"
            case "alerts.price_increase":
                return f"{what} rose from {data['old_price']} to {data['new_price']}"
        return what or self._names.get(data.get("user_id", ""), "")


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        if response.status != 200:
            raise AnswerMissing(path=path, status=response.status, body=await response.text())
        return await response.json()


def _print(console: Console, title: str, rows: list[dict[str, Any]], *columns: str) -> None:
    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*("" if row[column] is None else str(row[column]) for column in columns))
    console.print(table)
