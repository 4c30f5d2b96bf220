"""The market's events as different publishers would spell them: the same facts in other envelopes and forms."""

from datetime import timedelta
from random import Random
from typing import Any

from readmodel.demo.catalogue import STORES
from readmodel.events.cloudevent import CloudEvent

Document = dict[str, Any]

_STORE_IDS = {store.slug: store.id for store in STORES}
_IDS = ("id", "normalized_product_id", "product_id", "alert_id", "purchase_id")


def document(event: CloudEvent, random: Random) -> Document:
    """The event's JSON, spelled by chance; some publishers tell late what happened long ago."""
    noun = event.stream.removeprefix("cartsnitch.")
    data = _spelled(noun, dict(event.data), random)
    is_late = random.random() < (0.2 if noun in {"products", "shopping_lists"} else 0.02)
    at = event.time - timedelta(days=random.randint(1, 90)) if is_late else event.time
    if random.random() < 0.1:
        own = {"event_type": event.type, "timestamp": at.isoformat(), "service": event.source, "payload": data}
        return own if random.random() < 0.3 else {**own, "event_id": event.id}
    cloud = {"specversion": "1.0", "type": event.type, "source": event.source, "id": event.id, "data": data}
    return {**cloud, "time": at.isoformat()}


def _spelled(noun: str, data: Document, random: Random) -> Document:
    if random.random() < 0.1:
        data |= {name: data[name].upper() for name in _IDS if _is_uuid(data.get(name))}
    if random.random() < 0.1:
        data["a_field_of_tomorrow"] = {"nobody": ["knows", 1.5]}
    if noun == "accounts" and data.get("store_slug") in _STORE_IDS and random.random() < 0.2:
        data["store_id"] = _STORE_IDS[data.pop("store_slug")]
    if noun == "accounts" and random.random() < 0.2:
        data.pop("at", None)
    if noun in {"prices", "receipts", "alerts"} and "store_slug" in data and random.random() < 0.3:
        data.pop("store_id", None)
    if noun == "prices" and random.random() < 0.2:
        data |= {name: float(data[name]) for name in ("regular_price", "new_price") if name in data}
    return data


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and len(value) == 36
