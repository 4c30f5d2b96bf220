"""Asks the service what the oracle knows, page by page, and says where the two differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from yarl import URL

from tests.gateway.conftest import Client, bearer
from tests.oracle.differing import difference
from tests.oracle.endpoints import Part, answer
from tests.oracle.questions import Question
from tests.oracle.reading import Told
from tests.oracle.world import World


def today() -> date:
    """The current day in UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Found:
    """What the service answered: None where there is no such thing, a text where all went wrong."""

    body: Any
    total: str | None = None
    next_page: URL | None = None


class Comparison:
    """The service beside what the oracle makes of the events that were told."""

    def __init__(self, client: Client, told: Iterable[Told], random: Random) -> None:
        self._client = client
        self._told = list(told)
        self._random = random
        self.world = World(self._told, today())

    async def complaints(self, questions: Sequence[Question]) -> list[str]:
        """Each answer that is not right, with the first place where it is not."""
        found = [complaint for question in questions if (complaint := await self._complaint(question))]
        if found and today() != self.world.today:
            # Midnight has passed, and what is good or shown today is not what it was.
            self.world = World(self._told, today())
            return await self.complaints(questions)
        return found

    async def _complaint(self, question: Question) -> str | None:
        expected = answer(self.world, question.path, question.user, question.asked)
        url = URL(f"/api/v1{question.path}").with_query(question.asked)
        if isinstance(expected, Part):
            return await self._complaint_of_list(url, question.user, expected)
        found = await self._get(url, question.user)
        return _said(url, question.user, difference(found.body, expected))

    async def _complaint_of_list(self, url: URL, user: str, expected: Part) -> str | None:
        """Goes through all pages, by one of the ways there are; the two that count also ask for one behind the end."""
        count, size = len(expected.rows), self._random.choice([9, 30, 100, 100])
        way = self._random.choice(["pages", "offsets", "links"])
        wrong_total, start = None, 0
        page: URL | None = _part(url, way, start, size)
        while page:
            found = await self._get(page, user)
            body = expected.around(expected.rows[start : start + size])
            if differs := difference(found.body, body):
                return _said(page, user, differs)
            wrong_total = wrong_total or _said(page, user, difference(found.total, str(count), "X-Total-Count"))
            start += size
            page = found.next_page if way == "links" else _part(url, way, start, size) if start <= count else None
        ends_early = _said(url, user, f"no link leads on from item {start} of {count}") if start < count else None
        return wrong_total or ends_early

    async def _get(self, url: URL, user: str) -> Found:
        async with self._client.get(url, headers=bearer(user)) as response:
            body = await response.json(content_type=None)
            if response.status == 404 and body["code"] == "NOT_FOUND":
                return Found(None)
            if response.status != 200:
                return Found(f"status {response.status}, {body['detail']}")
            link = response.links.get("next")
            following = URL(str(link["url"])).relative() if link else None
            return Found(body, response.headers.get("X-Total-Count"), following)


def _part(url: URL, way: str, start: int, size: int) -> URL:
    if way == "offsets":
        return url.update_query(limit=size, offset=start)
    return url.update_query(page=start // size + 1, page_size=size)


def _said(url: URL, user: str, differs: str | None) -> str | None:
    return differs and f"GET {url} as {user}: {differs}"
