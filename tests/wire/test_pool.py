from __future__ import annotations

import asyncio
from typing import Any

from crawler.wire.connection import Connection
from crawler.wire.pool import Pool
from crawler.wire.request import Endpoint, ProxyServer

HERE = Endpoint(scheme="http", host="here.example", port=80)
THERE = Endpoint(scheme="http", host="there.example", port=80)


class Open(Connection):
    """Stands for a connection that is open until it is aborted."""

    fit = True

    @property
    def reusable(self) -> bool:
        return self.fit

    def abort(self) -> None:
        self.fit = False


def run(check: Any) -> None:
    asyncio.run(check())


def test_the_connection_used_last_is_taken_first():
    async def check() -> None:
        pool, first, second = Pool(2), Open(), Open()
        pool.keep(HERE, first)
        pool.keep(HERE, second)
        assert [pool.take(HERE), pool.take(HERE), pool.take(HERE)] == [second, first, None]
        assert pool.idle == 0

    run(check)


def test_a_connection_that_closed_meanwhile_is_not_taken():
    async def check() -> None:
        pool, closed = Pool(2), Open()
        pool.keep(HERE, closed)
        closed.abort()
        assert pool.take(HERE) is None

    run(check)


def test_an_idle_connection_is_closed_after_a_while(monkeypatch):
    monkeypatch.setattr("crawler.wire.pool.IDLE_SECONDS", 0.01)

    async def check() -> None:
        pool, forgotten = Pool(2), Open()
        pool.keep(HERE, forgotten)
        await asyncio.sleep(0.05)
        assert (forgotten.reusable, pool.idle) == (False, 0)

    run(check)


def test_the_oldest_idle_connection_makes_room_for_a_new_one():
    async def check() -> None:
        pool, oldest, newest = Pool(2, total=2), Open(), Open()
        pool.keep(HERE, oldest)
        await asyncio.sleep(0.002)
        pool.keep(HERE, newest)
        async with pool.place(THERE):
            pool.make_room()
        assert (oldest.reusable, newest.reusable) == (False, True)

    run(check)


def test_a_place_is_waited_for_and_given_back():
    async def check() -> None:
        pool = Pool(1)
        order: list[str] = []

        async def use(name: str) -> None:
            async with pool.place(HERE):
                order.append(f"{name} begins")
                await asyncio.sleep(0.01)
                order.append(f"{name} ends")

        await asyncio.gather(use("first"), use("second"))
        assert order == ["first begins", "first ends", "second begins", "second ends"]
        assert pool._hosts == {}

    run(check)


def test_a_connection_to_a_proxy_serves_any_host_but_a_tunnel_only_its_own():
    proxy = ProxyServer(scheme="http", host="proxy.example", port=3128, authorization=b"Basic x")
    plain = [Endpoint(scheme="http", host=host, port=80, proxy=proxy) for host in ("a.example", "b.example")]
    tunnels = [
        Endpoint(scheme="https", host=host, port=443, proxy=proxy) for host in ("a.example", "b.example")
    ]
    assert plain[0].connection_key == plain[1].connection_key
    assert tunnels[0].connection_key != tunnels[1].connection_key
    assert "Basic x" not in repr(tunnels[0])
