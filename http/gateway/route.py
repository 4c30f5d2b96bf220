"""What a route declares. Registration, checks, paging and the OpenAPI document all follow from these few lines."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

from gateway.access import Access
from gateway.auth import User
from gateway.monitor import MonitorLike
from gateway.operators import Operators
from gateway.paging import Paged
from gateway.parameters import A, Asked
from readmodel.engine.paging import Extent
from readmodel.engine.views import View

_IN_PATH = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A request whose caller and parameters have been checked."""

    asked: A
    caller: User
    monitor: MonitorLike
    operators: Operators
    looking_at: View | None = None

    @property
    def view(self) -> View:
        """The projections that the route reads, as of one moment."""
        assert self.looking_at, "the route declares no projections"
        return self.looking_at


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: anything that `wire.dumps` takes, and for a part of a list how far the whole goes."""

    body: Any
    extent: Extent | None = None


Call = Callable[[Question[A]], Awaitable[Answer]]


@dataclass(frozen=True)
class Route(Generic[A]):
    """One path and what is known of it."""

    method: str
    path: str
    answers: Any
    call: Call[A]
    asks: type[A]
    access: Access
    reads: tuple[str, ...]
    tag: str
    may_be_missing: bool = False
    in_lines: bool = False

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """The parameters' names in the path."""
        return tuple(_IN_PATH.findall(self.path))

    @property
    def pattern(self) -> str:
        """The path as aiohttp takes it, whose own patterns refuse a UUID in braces before it can be looked at."""
        return _IN_PATH.sub(r"{\1:[^/]+}", self.path)

    @property
    def description(self) -> str:
        """What it answers, in words."""
        return self.call.__doc__ or ""

    @property
    def has_room(self) -> bool:
        """Whether the answer is one object that can say by itself that it is stale."""
        return isinstance(self.answers, type) and "stale" in getattr(self.answers, "model_fields", ())

    @property
    def paged(self) -> bool:
        """Whether it answers one part of a list at a time."""
        return issubclass(self.asks, Paged)


class Routes:
    """The routes of one module, in the order declared."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._declared: list[Route[Any]] = []

    def __iter__(self) -> Iterator[Route[Any]]:
        return iter(self._declared)

    def get(
        self,
        *paths: str,
        answers: Any,
        asks: type[A],
        reads: Sequence[str] = (),
        access: Access = Access.USER,
        may_be_missing: bool = False,
    ) -> Callable[[Call[A]], Call[A]]:
        """Declare what answers GET on a path, and on its aliases.

        `answers` is the type of the body, `asks` the model of the parameters, `reads` the projections that the
        answer is made from, the first of which says in which store. What a path names, or what `may_be_missing`,
        may be answered with 404.
        """

        def declare(call: Call[A]) -> Call[A]:
            for path in paths:
                route = Route("GET", path, answers, call, asks, access, tuple(reads), self._tag, may_be_missing)
                self._declared.append(route)
            return call

        return declare

    def post(
        self, path: str, *, answers: Any, asks: type[A], access: Access, in_lines: bool = False
    ) -> Callable[[Call[A]], Call[A]]:
        """Declare what answers POST on a path: something is done here. Its parameters are those of the query.

        With `in_lines` the body is an async generator, and each of its objects is sent as a line as it comes.
        """

        def declare(call: Call[A]) -> Call[A]:
            self._declared.append(Route("POST", path, answers, call, asks, access, (), self._tag, in_lines=in_lines))
            return call

        return declare


class Nothing(Asked):
    """No parameters."""
