"""Stream `cartsnitch.indices`: official price indices, which ours are shown beside."""

from typing import Annotated, ClassVar

from pydantic import Field

from readmodel.events.event import Event
from readmodel.events.fields import Key, Money, Month


class IndexPublished(Event):
    """The value of a series, such as `CUUR0000SAF11`, for a month; published again, it was revised."""

    type: ClassVar = "cartsnitch.indices.published"

    series: Key
    period: Month
    value: Annotated[Money, Field(gt=0)]
