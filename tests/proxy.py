"""A connection between a client and a server that a test may cut, slow down and mend."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Proxy:
    """Passes bytes between a port on loopback and a server."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._up = True
        self.pause_s = 0.0
        """How long each chunk from the client is held back."""
        self.port = 0
        self._awaited = b""
        self._act: Callable[[], None] = lambda: None
        self._forgotten = set[asyncio.StreamWriter]()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def cut(self) -> None:
        """End every connection and refuse new ones, as a server that is gone does."""
        self._up = False
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        self._up = True

    def forget(self) -> None:
        """Swallow what is said from now on on the connections there are, as a network that lost track of them."""
        self._forgotten |= self._writers

    def when_answered(self, asked: bytes, act: Callable[[], None]) -> None:
        """Act, once, in place of passing on the answer to whatever holds some bytes: the server has done it by then."""
        self._awaited, self._act = asked, act

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        if not self._up:
            writer.close()
            return
        server_reader, server_writer = await self._connect()
        self._writers |= {writer, server_writer}
        answering = asyncio.Event()
        passing = [
            asyncio.create_task(self._pass_questions(reader, server_writer, answering)),
            asyncio.create_task(self._pass_answers(server_reader, writer, answering)),
        ]
        # Who has nothing more to say has gone: no test leaves a connection half open.
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for end in (writer, server_writer):
            end.close()
            with suppress(OSError):
                await end.wait_closed()
        self._writers -= {writer, server_writer}

    async def _pass_questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: asyncio.Event
    ) -> None:
        while chunk := await reader.read(65_536):
            if self.pause_s:
                await asyncio.sleep(self.pause_s)
            if self._awaited and self._awaited in chunk:
                answering.set()
            if writer in self._forgotten:
                continue
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answering: asyncio.Event
    ) -> None:
        while chunk := await reader.read(65_536):
            if answering.is_set():
                self._awaited = b""
                self._act()
                break
            if writer in self._forgotten:
                continue
            writer.write(chunk)
            await writer.drain()
        writer.close()
