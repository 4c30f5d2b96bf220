"""Parts of lists: which part is wanted, how many items there are in all, and where the other parts are."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from yarl import URL

from gateway.marks import LONGEST, mark_text, parse_mark
from gateway.parameters import INTEGER, Asked
from readmodel.engine.paging import Extent, Mark, Page

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
_FURTHEST = 1_000_000_000

Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE), INTEGER]


def _mark(text: Any) -> Any:
    return parse_mark(text[:LONGEST]) if isinstance(text, str) else text


AfterMark = Annotated[
    Mark,
    BeforeValidator(_mark, json_schema_input_type=str),
    Field(description="Where the part before ended, as the `next` link says; goes before `page` and `offset`."),
]


class Paged(Asked):
    """`page` and `page_size`, or `limit` and `offset`, which win where both are sent.

    The `next` link also says `after` which item: whoever follows it sees every item once, whatever arrives meanwhile.
    """

    page: Annotated[int, Field(ge=1, le=_FURTHEST), INTEGER] = 1
    page_size: Size = DEFAULT_SIZE
    limit: Size | None = None
    offset: Annotated[int, Field(ge=0, le=_FURTHEST), INTEGER] | None = None
    after: AfterMark | None = None

    def part(self) -> Page:
        """The part asked for."""
        if self.by_offset:
            return Page(self.limit or DEFAULT_SIZE, self.offset or 0, self.after)
        return Page(self.page_size, (self.page - 1) * self.page_size, self.after)

    @property
    def by_offset(self) -> bool:
        """Whether the client counts in items rather than in pages."""
        return self.limit is not None or self.offset is not None

    def links(self, url: URL, extent: Extent) -> str:
        """The `Link` header (RFC 8288): addresses without a host, other parameters kept."""
        part = self.part()
        last = max(0, extent.total - 1) // part.limit * part.limit
        links = {"first": self._address(url, 0), "last": self._address(url, last)}
        if part.offset:
            links["prev"] = self._address(url, max(0, min(part.offset - part.limit, last)))
        if extent.next_after:
            following = self._address(url, part.offset + part.limit)
            links["next"] = following.update_query(after=mark_text(extent.next_after))
        return ", ".join(f'<{address}>; rel="{rel}"' for rel, address in links.items())

    def _address(self, url: URL, start: int) -> URL:
        url = url.without_query_params("after")
        if self.by_offset:
            return url.update_query(limit=self.part().limit, offset=start)
        return url.update_query(page=start // self.page_size + 1, page_size=self.page_size)
