"""A client that is stopped refuses, waits for as long as it may, and then cuts."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request

from crawler.warc.stop import Stopped, stop_downloads
from tests.wire.downloading import Sink, handling
from tests.wire.hostile_server import ThreadedServer, answer, read_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from crawler.wire.handler import CaptureDownloadHandler


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that reads a request and says nothing."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(600)

    with ThreadedServer() as server:
        yield server.listen(hang)


@asynccontextmanager
async def downloading(
    *urls: str, meta: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[tuple[CaptureDownloadHandler, Sink, list[asyncio.Task[Any]]]]:
    """Downloads that have had a moment to get where they hang."""
    sink = Sink()
    async with handling(sink, settings) as handler:
        requests = [Request(url, meta=dict(meta or {})) for url in urls]
        tasks = [asyncio.create_task(handler.download_request(request)) for request in requests]
        await asyncio.sleep(0.2)
        yield handler, sink, tasks


async def outcomes(tasks: list[asyncio.Task[Any]]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)


def test_what_waits_for_a_place_ends_at_once_while_the_others_have_their_grace(silent):
    async def run() -> Any:
        urls = [f"http://127.0.0.1:{silent}/{number}" for number in range(3)]
        async with downloading(*urls, CONCURRENT_REQUESTS_PER_DOMAIN=1) as (handler, sink, tasks):
            stopping = asyncio.create_task(handler.stop(600))
            ended = await outcomes(tasks[1:])
            still = [tasks[0].done(), stopping.done(), len(sink.exchanges)]
            stopping.cancel()
        return ended, still, await outcomes(tasks)

    ended, still, [first, *_] = asyncio.run(run())
    assert [str(error) for error in ended] == ["the crawl was stopped"] * 2
    assert still == [False, False, 0]
    assert isinstance(first, Stopped)


def test_an_exchange_is_cut_after_the_grace_and_written(silent):
    async def run() -> Any:
        async with downloading(f"http://127.0.0.1:{silent}/") as (handler, sink, tasks):
            await handler.stop(0.1)
            return [exchange.error for exchange in sink.exchanges], await outcomes(tasks)

    errors, [outcome] = asyncio.run(run())
    assert errors == ["the crawl was stopped"]
    assert isinstance(outcome, Stopped)
    assert str(outcome) == f"http://127.0.0.1:{silent}/: the crawl was stopped"


def test_stopping_returns_as_soon_as_nothing_is_under_way():
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.sleep(0.4)
        writer.write(answer(b"Content-Length: 2\r\n", body=b"ok"))
        await writer.drain()

    async def run(port: int) -> Any:
        async with downloading(f"http://127.0.0.1:{port}/") as (handler, _, tasks):
            await asyncio.wait_for(handler.stop(600), 10)
            return await outcomes(tasks)

    with ThreadedServer() as server:
        [response] = asyncio.run(run(server.listen(slow)))
    assert response.body == b"ok"


@pytest.mark.parametrize("hang", ["accept", "TLS", "tunnel"])
def test_a_connection_that_is_being_made_is_given_up_after_the_grace(silent, hang):
    async def run() -> Any:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            waiting = [socket.socket() for _ in range(3 if hang == "accept" else 0)]
            for client in waiting:
                client.setblocking(False)
                client.connect_ex(full.getsockname())
            url = f"{'http' if hang == 'accept' else 'https'}://127.0.0.1:{port}/"
            meta = {"proxy": f"http://127.0.0.1:{silent}"} if hang == "tunnel" else {}
            async with downloading(url, meta=meta) as (handler, sink, tasks):
                before = [task.done() for task in tasks]
                await handler.stop(0.1)
                ended = await outcomes(tasks)
            for client in waiting:
                client.close()
        return before, ended, sink.exchanges

    before, [outcome], exchanges = asyncio.run(run())
    assert before == [False]
    assert isinstance(outcome, Stopped)
    assert exchanges == []


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch):
    hanging = asyncio.Event()

    async def run() -> Any:
        loop = asyncio.get_running_loop()

        def hang(*arguments: Any, **more: Any) -> Any:
            loop.call_soon_threadsafe(hanging.set)
            return asyncio.run_coroutine_threadsafe(asyncio.sleep(600), loop).result()

        monkeypatch.setattr(socket, "getaddrinfo", hang)
        async with downloading("http://blog.example/") as (handler, _, tasks):
            await asyncio.wait_for(hanging.wait(), 10)
            await handler.stop(0)
            return await outcomes(tasks)

    [outcome] = asyncio.run(run())
    assert isinstance(outcome, Stopped)


def test_after_the_stop_nothing_is_asked_any_more(hostile):
    async def run() -> Any:
        async with downloading() as (handler, _, _):
            await handler.stop(0)
            await handler.close()
            with pytest.raises(Stopped):
                await handler.download_request(Request(hostile.url("plain")))

    asyncio.run(run())
    assert hostile.heard == []


def test_a_second_stop_may_be_less_patient(silent):
    async def run() -> Any:
        async with downloading(f"http://127.0.0.1:{silent}/") as (handler, _, tasks):
            patient = asyncio.create_task(handler.stop(600))
            await asyncio.sleep(0)
            await handler.stop(0)
            await asyncio.wait_for(patient, 10)
            return await outcomes(tasks)

    [outcome] = asyncio.run(run())
    assert isinstance(outcome, Stopped)


def test_the_signal_stops_the_handler(silent):
    async def run() -> Any:
        async with downloading(f"http://127.0.0.1:{silent}/") as (handler, _, tasks):
            await handler.crawler.signals.send_catch_log_async(signal=stop_downloads, grace=0)
            return await outcomes(tasks)

    [outcome] = asyncio.run(run())
    assert isinstance(outcome, Stopped)
