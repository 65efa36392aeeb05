"""``scrapy replay``: wrong input ends in a sentence, and a collection is shown until a signal."""

from __future__ import annotations

import gzip
import signal
import socket
import subprocess
from contextlib import closing
from urllib.request import urlopen

import pytest

from crawler.replay.environment import NotInstalled, pywb_environment
from crawler.warc.cdxj import Entry
from tests.small_site import Typed

URL = "http://old.example/"
PAGE = b"<!DOCTYPE html><title>Old</title><h1>As it was</h1>"


@pytest.fixture
def scrapy(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Typed(tmp_path)


@pytest.fixture
def environment(optional):
    """pywb, in the user's cache as after any first replay."""
    try:
        pywb_environment(print)
    except NotInstalled as error:
        optional(False, str(error))


@pytest.fixture
def collection(tmp_path):
    """A folder with one run of one capture, and its index."""
    path = tmp_path / "old" / "20200102T030405Z" / "old-00000.warc.gz"
    path.parent.mkdir(parents=True)
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:5d3f4c3c-8b5a-4a56-9a08-1f6d8a0d9f10>"
        f"\r\nWARC-Date: 2020-01-02T03:04:05Z\r\nWARC-Target-URI: {URL}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    path.write_bytes(gzip.compress(head.encode() + block + b"\r\n\r\n"))
    entry = Entry(
        key="example,old)/",
        timestamp="20200102030405",
        url=URL,
        mime="text/html",
        status="200",
        digest="-",
        length=path.stat().st_size,
        offset=0,
        filename=path.name,
    )
    (tmp_path / "old" / "index.cdxj").write_text(f"{entry.as_line()}\n")
    return tmp_path / "old"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_collection_is_shown_until_a_signal_and_nothing_is_left_running(
    environment, collection, tmp_path, number
):
    replay = Typed(tmp_path).start("replay", str(collection), "--port", "0")
    assert replay.stdout is not None
    told = replay.stdout.readline()
    frame = told.split(" is shown at ")[1].strip().removesuffix("/archive/")
    with urlopen(f"{frame}/archive/20200102030405mp_/{URL}", timeout=30) as answer:
        assert b"<h1>As it was</h1>" in answer.read()
        # Archived content is answered by the other origin alone.
        assert not answer.url.startswith(frame)
        content = answer.url.partition("/archive/")[0]
    processes = children(replay.pid)
    replay.send_signal(number)
    replay.communicate(timeout=20)
    assert replay.returncode == 0
    for origin in (frame, content):
        with closing(socket.socket()) as free:
            assert free.connect_ex(("127.0.0.1", int(origin.rpartition(":")[2])))
    assert processes
    assert not [pid for pid in processes if is_running(pid)]


def children(pid: int) -> list[int]:
    """Processes that a process started, and those that they did."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    own = [int(word) for word in listed.stdout.split()]
    return own + [below for child in own for below in children(child)]


def is_running(pid: int) -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() not in {"", "Z", "Zs"}


def test_what_is_no_collection_is_refused_in_a_sentence(scrapy, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare" / "20200102T030405Z").mkdir(parents=True)
    for path, words in (
        ("nowhere", "nowhere: is not there, expected a collection"),
        ("empty", "empty: holds no run, expected a collection"),
        ("bare", "bare/index.cdxj: is not there, expected the index that a run leaves at its end"),
    ):
        ended = scrapy("replay", path)
        assert (ended.returncode, ended.stderr) == (2, f"scrapy replay: {words}\n")


def test_a_port_in_use_is_told_before_anything_is_installed(scrapy, collection):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        ended = scrapy("replay", str(collection), "--port", port)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"scrapy replay: port {port} of 127.0.0.1: cannot be listened on (")
    assert not (scrapy.folder / "cache").exists()


def test_without_a_network_the_first_replay_says_so_and_leaves_nothing_half(scrapy, collection, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    ended = scrapy("replay", str(collection), "--port", "0")
    assert ended.returncode == 6
    assert ended.stderr.splitlines()[-1].startswith("scrapy replay: pywb cannot be installed (ERROR: ")
    assert not [
        path for path in (scrapy.folder / "cache" / "blogarchive").iterdir() if path.suffix != ".lock"
    ]
