"""Ids that are the same whenever they are made again."""

from typing import Final
from uuid import UUID, uuid5

import orjson

# Never change it: every id made by `stable_id` would change, and what is sent again would be taken for new.
NAMESPACE: Final = UUID("5b0f3c5e-7d0a-4f5b-9a3e-2f6d1c8e4a70")


def stable_id(*parts: str) -> str:
    """A UUID (version 5) that is the same for the same parts, on every machine and in every run.

    For things that nobody gave an id, and for events whose publisher may be repeated: what comes again is recognised.
    """
    # JSON keeps ("a", "bc") and ("ab", "c") apart, which plain joining would not.
    return str(uuid5(NAMESPACE, orjson.dumps(parts).decode()))
