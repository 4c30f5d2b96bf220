"""A network that misbehaves: a TCP proxy that delays, cuts and half-opens the connections through it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

CHUNK = 65_536
PORTS = {"redis": 6379, "postgresql": 5432, "postgres": 5432}
T = TypeVar("T")


class Way(StrEnum):
    """A direction."""

    THERE = "there"
    BACK = "back"


BOTH = frozenset(Way)


@dataclass(eq=False)
class _Passage:
    """One connection; what goes a silent way is swallowed, and nobody is told, ever."""

    task: "asyncio.Task[None]"
    ends: dict[Way, asyncio.StreamWriter]
    silent: set[Way] = field(default_factory=set)

    def abort(self) -> None:
        for writer in self.ends.values():
            writer.transport.abort()


class Proxy:
    """In front of one server; its methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._loop = asyncio.new_event_loop()
        self._passages: set[_Passage] = set()
        self._silent: frozenset[Way] = frozenset()
        self._delay = 0.0
        self._port = 0

    @property
    def url(self) -> str:
        """The server's URL, by way of the proxy."""
        login, at, _ = self._target.netloc.rpartition("@")
        return self._target._replace(netloc=f"{login}{at}127.0.0.1:{self._port}").geturl()

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Pass everything on, until something else is said."""
        thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        thread.start()
        server = self._call(asyncio.start_server(self._pass, "127.0.0.1"))
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._call(self._end())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def delay(self, seconds: float) -> None:
        """From now on every packet takes this much longer."""
        self._delay = seconds

    def cut(self) -> None:
        """Reset the connections there are."""
        self._loop.call_soon_threadsafe(self._abort)

    def half_open(self, ways: frozenset[Way]) -> None:
        """Swallow what goes these ways, on the connections there are, for good, and on new ones until healed."""
        self._silent = ways
        self._loop.call_soon_threadsafe(self._silence, ways)

    def heal(self) -> None:
        """Be a good network for new connections; half-open ones stay so."""
        self._silent = frozenset()
        self._delay = 0.0

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self._target.port or PORTS[self._target.scheme]
        try:
            far_reader, far_writer = await asyncio.open_connection(self._target.hostname, port)
        except OSError:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task
        passage = _Passage(task, {Way.THERE: far_writer, Way.BACK: writer}, set(self._silent))
        self._passages.add(passage)
        try:
            await asyncio.gather(self._pump(passage, Way.THERE, reader), self._pump(passage, Way.BACK, far_reader))
        finally:
            passage.abort()
            self._passages.discard(passage)

    async def _pump(self, passage: _Passage, way: Way, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while packet := await reader.read(CHUNK):
                await asyncio.sleep(self._delay)
                if way not in passage.silent:
                    passage.ends[way].write(packet)
                    await passage.ends[way].drain()
        if way not in passage.silent:
            passage.abort()

    def _silence(self, ways: frozenset[Way]) -> None:
        for passage in self._passages:
            passage.silent |= ways

    def _abort(self) -> None:
        for passage in self._passages:
            passage.abort()

    async def _end(self) -> None:
        self._abort()
        await asyncio.gather(*(passage.task for passage in self._passages), return_exceptions=True)

    def _call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
