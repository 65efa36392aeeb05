"""Servers, certificates and crawls that the tests of the wire share."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from warcio.archiveiterator import ArchiveIterator

from tests.wire.hostile_server import HostileServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate of localhost, 127.0.0.1 and ::1; both files PEM."""

    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pkcs8, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, clear))
    return made


@pytest.fixture
def hostile(certificate: Certificate) -> Iterator[HostileServer]:
    with HostileServer(certificate.server_context()) as server:
        yield server


@dataclass
class Kept:
    """One exchange as the WARC has it."""

    target: str
    request: bytes = b""
    response: bytes | None = None
    interim: bytes = b""
    metadata: bytes = b""
    headers: dict[str, str] | None = None
    """WARC header fields of the response record; of the request record where there is no response."""

    @property
    def received(self) -> bytes:
        return self.interim + (self.response or b"")


@dataclass
class Crawled:
    """What a crawl left behind."""

    outcomes: dict[str, dict[str, Any]]
    """By the URL asked for."""
    kept: list[Kept]
    log: str
    peak_mib: float


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., Crawled]:
    """Crawl ``requests`` with the add-on in a process of its own and read back what was archived."""

    def run(
        requests: list[dict[str, Any]],
        settings: dict[str, Any] | None = None,
        *,
        environment: dict[str, str] | None = None,
        limit: float = 120,
        blocks: bool = True,
    ) -> Crawled:
        folder = tmp_path / "warc"
        job = tmp_path / "job.json"
        chosen = {"WARC_FOLDER": str(folder), **(settings or {})}
        job.write_text(json.dumps({"requests": requests, "settings": chosen}))
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("crawl_urls.py")), str(job)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        lines = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_text().splitlines()]
        return Crawled(
            outcomes={line["asked"]: line for line in lines[:-1]},
            kept=read_exchanges(folder, blocks=blocks),
            log=done.stderr,
            peak_mib=lines[-1]["peak_kib"] / 1024,
        )

    return run


def read_exchanges(folder: Path, *, blocks: bool = True) -> list[Kept]:
    """The exchanges in the WARC files of ``folder``, joined by WARC-Concurrent-To, in order.

    Without ``blocks`` only their headers are kept.
    """
    kept: dict[str, Kept] = {}
    for file in sorted(folder.glob("*.warc.gz")):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, no_record_parse=True):
                _add(kept, record, record.raw_stream.read() if blocks else b"")
    # One exchange stands under the ids of all its records.
    return list({id(exchange): exchange for exchange in kept.values()}.values())


def _add(kept: dict[str, Kept], record: Any, block: bytes) -> None:
    headers = record.rec_headers
    if headers["WARC-Type"] == "warcinfo":
        return
    own = headers["WARC-Record-ID"]
    ids = [own, *(value for name, value in headers.headers if name == "WARC-Concurrent-To")]
    exchange = next((kept[known] for known in ids if known in kept), None) or Kept(headers["WARC-Target-URI"])
    kept.update(dict.fromkeys(ids, exchange))
    if headers["WARC-Type"] == "request":
        exchange.request = block
    elif headers["WARC-Type"] == "response":
        exchange.response = block
    elif headers["Content-Type"].startswith("application/http"):
        exchange.interim = block
    else:
        exchange.metadata = block
    if headers["WARC-Type"] == "response" or exchange.headers is None:
        exchange.headers = dict(headers.headers)
