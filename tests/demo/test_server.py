"""The demo blog on a port: keep-alive, compression, chunks, and an end."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.demo import DemoBlog

ROOT = Path(__file__).parents[2]


@pytest.fixture
def connection(demo_blog):
    connection = HTTPConnection(urlsplit(demo_blog.url).netloc, timeout=10)
    yield connection
    connection.close()


def test_one_connection_serves_many_pages(connection):
    sockets = set()
    for path in ("/", "/about", "/themes/lamproom/logo.png", "/robots.txt", "/no-such-page"):
        connection.request("GET", path)
        connection.getresponse().read()
        sockets.add(connection.sock.getsockname())
    assert len(sockets) == 1


def test_text_is_compressed_where_the_client_takes_that(connection):
    connection.request("GET", "/about")
    plain = connection.getresponse()
    text = plain.read()
    connection.request("GET", "/about", headers={"Accept-Encoding": "gzip, deflate"})
    packed = connection.getresponse()
    assert plain.getheader("Content-Encoding") is None
    assert packed.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(packed.read()) == text


def test_pictures_are_never_compressed(connection):
    connection.request("GET", "/themes/lamproom/logo.png", headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    assert response.getheader("Content-Encoding") is None
    assert response.read().startswith(b"\x89PNG")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_long_pages_come_in_chunks_and_short_ones_with_their_length(connection, encoding):
    framing = {}
    for path in ("/stories/2009/02/03/welcome-lamp-room", "/robots.txt"):
        connection.request("GET", path, headers={"Accept-Encoding": encoding})
        response = connection.getresponse()
        response.read()
        framing[path] = (
            response.getheader("Transfer-Encoding"),
            response.getheader("Content-Length") is not None,
        )
    assert list(framing.values()) == [("chunked", False), (None, True)]


def test_head_gives_the_headers_of_get(connection):
    connection.request("HEAD", "/robots.txt")
    response = connection.getresponse()
    assert int(response.getheader("Content-Length", "0")) > 0
    assert response.read() == b""


def test_the_blog_is_gone_after_its_block():
    with DemoBlog() as blog:
        address = urlsplit(blog.url)
    with socket.socket() as probe:
        assert probe.connect_ex((address.hostname or "", address.port or 0)) != 0


def test_two_blogs_stand_side_by_side():
    with DemoBlog() as one, DemoBlog() as other:
        assert one.url != other.url


def test_a_port_that_is_taken_is_named(demo_blog):
    port = urlsplit(demo_blog.url).port
    command = [sys.executable, "-m", "crawler.demo", "--port", str(port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"port {port}: ")
    assert "Traceback" not in ended.stderr


def test_it_says_where_it_is():
    with subprocess.Popen(
        [sys.executable, "-m", "crawler.demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
        connection.request("GET", "/robots.txt")
        assert connection.getresponse().status == 200
        connection.close()
        process.terminate()
