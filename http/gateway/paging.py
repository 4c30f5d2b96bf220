"""Parts of lists: which part is wanted, how many items there are in all, and where the other parts are."""

from typing import Annotated

from pydantic import Field
from yarl import URL

from gateway.parameters import INTEGER, Asked
from readmodel.engine.views import Page

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
_FURTHEST = 1_000_000_000

Size = Annotated[int, Field(ge=1, le=LARGEST_SIZE), INTEGER]


class Paged(Asked):
    """`page` and `page_size`, or `limit` and `offset`, which win where both are sent."""

    page: Annotated[int, Field(ge=1, le=_FURTHEST), INTEGER] = 1
    page_size: Size = DEFAULT_SIZE
    limit: Size | None = None
    offset: Annotated[int, Field(ge=0, le=_FURTHEST), INTEGER] | None = None

    def part(self) -> Page:
        """The part asked for."""
        if self.by_offset:
            return Page(self.limit or DEFAULT_SIZE, self.offset or 0)
        return Page(self.page_size, (self.page - 1) * self.page_size)

    @property
    def by_offset(self) -> bool:
        """Whether the client counts in items rather than in pages."""
        return self.limit is not None or self.offset is not None

    def links(self, url: URL, total: int) -> str:
        """The `Link` header (RFC 8288): addresses without a host, other parameters kept."""
        part = self.part()
        last = max(0, total - 1) // part.limit * part.limit
        starts = {"first": 0, "last": last}
        if part.offset:
            starts["prev"] = max(0, min(part.offset - part.limit, last))
        if part.offset + part.limit < total:
            starts["next"] = part.offset + part.limit
        return ", ".join(f'<{self._address(url, start)}>; rel="{rel}"' for rel, start in starts.items())

    def _address(self, url: URL, start: int) -> URL:
        if self.by_offset:
            return url.update_query(limit=self.part().limit, offset=start)
        return url.update_query(page=start // self.page_size + 1, page_size=self.page_size)
