from __future__ import annotations

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from scrapy import Request
from scrapy.exceptions import DownloadFailedError
from scrapy.settings import Settings

from crawler.wire.tls import TlsPolicy
from tests.wire.downloading import download
from tests.wire.hostile_server import HostileServer


def test_a_bad_certificate_is_accepted_and_its_verdict_kept(hostile):
    url = hostile.url("until-close", secure=True)
    outcomes, sink = download(Request(url), Request(url))
    assert [outcome.status for outcome in outcomes] == [200, 200]
    assert [exchange.certificate for exchange in sink.exchanges] == ["self-signed certificate"] * 2


def test_only_the_first_meeting_with_a_bad_certificate_costs_a_connection(certificate):
    offered = []
    context = certificate.server_context()
    context.sni_callback = lambda *_: offered.append("handshake")
    with HostileServer(context) as server:
        url = server.url("until-close", secure=True).replace("127.0.0.1", "localhost")
        download(*(Request(url) for _ in range(3)))
    assert len(offered) == 4


def test_a_good_certificate_is_found_ok(hostile, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    [response], sink = download(
        Request(hostile.url("plain", secure=True)), settings={"DOWNLOAD_VERIFY_CERTIFICATES": True}
    )
    assert response.status == 200
    assert sink.exchanges[0].certificate == "ok"


def test_a_wrong_name_is_named(hostile, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    port = hostile.listen(hostile.serve, "127.0.0.2", certificate.server_context())
    _, sink = download(Request(f"https://127.0.0.2:{port}/plain"))
    assert "mismatch" in sink.exchanges[0].certificate


def test_certificates_are_required_on_request(hostile):
    secure = Request(hostile.url("plain", secure=True))
    [outcome], sink = download(secure, settings={"DOWNLOAD_VERIFY_CERTIFICATES": True})
    assert isinstance(outcome, DownloadFailedError)
    assert "self-signed certificate" in str(outcome)
    assert sink.exchanges == []


@pytest.mark.parametrize(("version", "protocol"), [("TLSv1.2", "tls/1.2"), ("TLSv1.3", "tls/1.3")])
def test_the_bounds_of_tls_are_kept_and_its_version_told(hostile, certificate, version, protocol):
    settings = {"DOWNLOAD_TLS_MIN_VERSION": version, "DOWNLOAD_TLS_MAX_VERSION": version}
    [response], sink = download(Request(hostile.url("plain", secure=True)), settings=settings)
    assert sink.exchanges[0].protocols == ("http/1.1", protocol)
    kept = x509.load_pem_x509_certificate(certificate.certificate.read_bytes())
    assert response.certificate == kept.public_bytes(Encoding.DER)


def test_a_version_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"DOWNLOAD_TLS_MIN_VERSION: 'TLSv9', expected one of TLSv1\.0"):
        TlsPolicy.from_settings(Settings({"DOWNLOAD_TLS_MIN_VERSION": "TLSv9"}))


def test_nothing_but_http11_is_offered(certificate):
    context = certificate.server_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with HostileServer(context) as server:
        [response], _ = download(Request(server.url("plain", secure=True)))
    assert response.protocol == "HTTP/1.1"


def test_a_server_without_a_common_version_is_a_failure(certificate):
    context = certificate.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with HostileServer(context) as server:
        secure = Request(server.url("plain", secure=True))
        [outcome], _ = download(secure, settings={"DOWNLOAD_TLS_MIN_VERSION": "TLSv1.3"})
    assert isinstance(outcome, DownloadFailedError)
