"""The two servers of a replay, asked by hand."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection

import pytest

from crawler.replay.origins import Answer, OriginServers, PortInUse, Request, sentence


class Echo:
    """An engine that says which origin was asked for what."""

    worker = "/worker.js"
    ended = False
    start = "/"

    def address_of(self, url: str, timestamp: str) -> str:
        return f"/{timestamp}/{url}"

    def frame(self, request: Request) -> Answer:
        return sentence(200, f"frame {request.method} {request.target} {request.body.decode()}")

    def content(self, request: Request) -> Answer:
        if request.path == "/broken":
            raise ConnectionRefusedError("nobody listens")
        return sentence(200, f"content {request.method} {request.target} {request.body.decode()}")


@pytest.fixture
def servers():
    with OriginServers(0) as made:
        made.start(Echo())
        yield made


def asked(origin: str, target: str, body: bytes | None = None, **fields: str) -> tuple[int, str]:
    with closing(HTTPConnection(origin.removeprefix("http://"), timeout=10)) as connection:
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request("POST" if body else "GET", target, body, named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_each_origin_has_its_own_answers(servers):
    assert asked(servers.origins.frame, "/a?b") == (200, "frame GET /a?b \n")
    assert asked(servers.origins.content, "/a", b"c") == (200, "content POST /a c\n")


def test_another_name_that_leads_here_is_refused(servers):
    assert asked(servers.origins.frame, "/", Host="evil.example")[0] == 421


def test_only_the_engines_own_service_worker_can_be_registered(servers):
    assert asked(servers.origins.content, "/sw.js", Service_Worker="script")[0] == 403
    assert asked(servers.origins.content, "/worker.js?x", Service_Worker="script")[0] == 200


def test_an_engine_that_fails_is_told_in_words(servers):
    assert asked(servers.origins.content, "/broken") == (
        502,
        "the engine does not answer (ConnectionRefusedError: nobody listens)\n",
    )


def test_a_port_in_use_is_refused_in_words(servers):
    port = int(servers.origins.frame.rpartition(":")[2])
    with pytest.raises(
        PortInUse, match=f"port {port} of 127.0.0.1: cannot be listened on .*--port 0 for any"
    ):
        OriginServers(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused_in_words(port):
    with pytest.raises(PortInUse):
        OriginServers(port)
