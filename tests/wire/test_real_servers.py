from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadFailedError

from tests.wire.downloading import download

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = b"<html><title>DipNote</title>" + b"<p>The quick brown fox.</p>" * 2000
NGINX = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    log_format wire '$connection $ssl_protocol';
    access_log {folder}/access.log wire;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    default_type text/html; root {folder}/site; keepalive_requests 3;
    gzip on; gzip_min_length 1000; gzip_types text/html;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    server {{ listen 127.0.0.1:{clear}; {listen6} }}
    server {{ listen 127.0.0.1:{tls12} ssl; ssl_protocols TLSv1.2; }}
    server {{ listen 127.0.0.1:{tls13} ssl; ssl_protocols TLSv1.3; }}
}}
"""
SQUID = """
http_port 127.0.0.1:{port}
pid_filename none
access_log none
cache_log {folder}/cache.log
cache deny all
netdb_filename none
shutdown_lifetime 0 seconds
visible_hostname proxy.test
{access}
"""
PASSWORD = """
auth_param basic program {helper} {folder}/passwords
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""


def binary(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def speaks_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A server process, from when ``port`` answers."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + 15
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


@pytest.fixture
def nginx(optional, certificate, tmp_path) -> Iterator[dict[str, Any]]:
    optional(binary("nginx"), "nginx is not installed")
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_bytes(PAGE)
    (site / "small.html").write_bytes(b"<p>small")
    ports = {"clear": free_port(), "tls12": free_port(), "tls13": free_port()}
    listen6 = f"listen [::1]:{ports['clear']};" if speaks_ipv6() else ""
    files = {"certificate": certificate.certificate, "key": certificate.key, "folder": tmp_path}
    # Workers of a server started by root would be another user, who may not read this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(NGINX.format(**ports, **files, listen6=listen6, user=user))
    command = [str(binary("nginx")), "-e", f"{tmp_path}/error.log", "-c", f"{tmp_path}/nginx.conf"]
    with running(command, ports["clear"]):
        yield {**ports, "log": tmp_path / "access.log"}


def pages_of(outcomes: list[Any]) -> list[bytes]:
    return [gzip.decompress(outcome.body) for outcome in outcomes]


def logged(path: Path, count: int) -> list[str]:
    """So many lines of nginx's log; each is written when its answer is already on the way."""
    until = time.monotonic() + 10
    while len(found := path.read_text().splitlines()) < count and time.monotonic() < until:
        time.sleep(0.02)
    return found


@pytest.mark.parametrize(
    ("port", "scheme", "protocols"),
    [
        ("clear", "http", ("http/1.1",)),
        ("tls12", "https", ("http/1.1", "tls/1.2")),
        ("tls13", "https", ("http/1.1", "tls/1.3")),
    ],
)
def test_nginx_is_captured_over_connections_that_it_closes_after_three_requests(
    nginx, port, scheme, protocols
):
    url = f"{scheme}://127.0.0.1:{nginx[port]}/"
    outcomes, sink = download(*(Request(url, headers={"Accept-Encoding": "gzip"}) for _ in range(10)))
    assert pages_of(outcomes) == [PAGE] * 10
    assert {exchange.protocols for exchange in sink.exchanges} == {protocols}
    assert len(sink.exchanges) == 10
    assert all(b"Transfer-Encoding: chunked" in exchange.response.head for exchange in sink.exchanges)
    assert all(body.endswith(b"\r\n0\r\n\r\n") for body in sink.bodies)
    connections = [line.split()[0] for line in logged(nginx["log"], 10)]
    assert [connections.count(number) for number in dict.fromkeys(connections)] == [3, 3, 3, 1]


def test_nginx_is_captured_over_ipv6(nginx, optional):
    optional(speaks_ipv6(), "no IPv6 here")
    [response], sink = download(Request(f"http://[::1]:{nginx['clear']}/small.html"))
    assert (response.body, sink.exchanges[0].ip_address) == (b"<p>small", "::1")


def test_nginx_answers_head_ranges_conditions_and_errors_as_kept(nginx):
    url = f"http://127.0.0.1:{nginx['clear']}/small.html"
    [first], _ = download(Request(url))
    outcomes, sink = download(
        Request(url, method="HEAD"),
        Request(url, headers={"If-None-Match": first.headers["ETag"]}),
        Request(url, headers={"Range": "bytes=0-2"}),
        Request(f"http://127.0.0.1:{nginx['clear']}/missing"),
        Request(url, method="POST", body="a=1"),
    )
    assert [outcome.status for outcome in outcomes] == [200, 304, 206, 404, 405]
    assert sink.bodies[:3] == [b"", b"", b"<p>"]
    assert [exchange.error for exchange in sink.exchanges] == [None] * 5


@contextmanager
def squid(*, password: bool) -> Iterator[str]:
    """Squid on a free port; gives its URL. ``ron:sesame`` opens it where it wants a password."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Squid started by root becomes another user, who reads and writes here.
        folder.chmod(0o777)
        helper = "/usr/lib/squid/basic_ncsa_auth"
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", "sesame"], capture_output=True, text=True, check=True
        ).stdout
        (folder / "passwords").write_text(f"ron:{hashed}")
        access = PASSWORD.format(helper=helper, folder=folder) if password else "http_access allow all"
        port = free_port()
        (folder / "squid.conf").write_text(SQUID.format(port=port, folder=folder, access=access))
        with running([str(binary("squid")), "-N", "-f", str(folder / "squid.conf")], port):
            yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("secure", [False, True], ids=["http", "connect"])
def test_squid_passes_pages_on(optional, hostile, secure):
    optional(binary("squid"), "squid is not installed")
    url = hostile.url("chunked", secure=secure)
    with squid(password=False) as proxy:
        outcomes, sink = download(*(Request(url, meta={"proxy": proxy}) for _ in range(3)))
    assert [outcome.status for outcome in outcomes] == [200] * 3
    assert {exchange.target_uri for exchange in sink.exchanges} == {url}
    assert {exchange.ip_address for exchange in sink.exchanges} == {None}
    first_line = sink.exchanges[0].request.split(b"\r\n")[0]
    assert first_line == (b"GET /chunked HTTP/1.1" if secure else f"GET {url} HTTP/1.1".encode())
    assert (b"Via: " in sink.exchanges[0].response.head) is not secure


@pytest.mark.parametrize("secure", [False, True], ids=["http", "connect"])
def test_squid_wants_its_password(optional, hostile, secure):
    optional(binary("squid"), "squid is not installed")
    request = Request(hostile.url("plain", secure=secure))
    with squid(password=True) as proxy:
        known = proxy.replace("http://", "http://ron:sesame@")
        outcomes, sink = download(
            request.replace(meta={"proxy": known}), request.replace(meta={"proxy": proxy})
        )
    refused = outcomes[1]
    assert outcomes[0].status == 200
    if secure:
        assert isinstance(refused, DownloadFailedError)
        assert "407" in str(refused)
        assert len(sink.exchanges) == 1
    else:
        assert refused.status == 407
    assert b"cm9uOnNlc2FtZQ" not in b"".join(exchange.request for exchange in sink.exchanges)
