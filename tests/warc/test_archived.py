from __future__ import annotations

import gzip

import pytest
from scrapy.http import HtmlResponse, Response, XmlResponse

from crawler.warc.archived import ArchivedResponse, response_of
from crawler.warc.exchange import Location


def archived(body: bytes, *headers: tuple[bytes, bytes], **more) -> ArchivedResponse:
    location = Location(
        file="a.warc.gz",
        offset=1,
        length=2,
        record_id="urn:uuid:1",
        target_uri="http://blog.example/post?page=1%2C1633",
        date="2016-04-07T12:00:00Z",
        payload_digest=None,
        whole=True,
    )
    fields = {"kind": "response", "status": 200, "cut": None, "undecoded": None, **more}
    return ArchivedResponse(location=location, headers=list(headers), body=body, **fields)


def test_a_response_is_as_a_live_crawl_would_have_it():
    response = response_of(
        archived(
            "<p>é".encode("latin-1"),
            (b"content-type", b"text/html; charset=iso-8859-1"),
            (b"Content-Encoding", b"gzip"),
            (b"SET-COOKIE", b"a=1"),
            (b"Set-Cookie", b"b=2"),
        )
    )
    assert isinstance(response, HtmlResponse)
    assert response.url == "http://blog.example/post?page=1%2C1633"
    assert response.text == "<p>é"
    assert response.headers.getlist("Set-Cookie") == [b"a=1", b"b=2"]
    assert "Content-Encoding" not in response.headers
    assert response.flags == ["warc:urn:uuid:1"]


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        (b"<?xml version='1.0'?><rss/>", [(b"Content-Type", b"application/rss+xml")], XmlResponse),
        (b"<html><p>hi", [], HtmlResponse),
        (b"\x89PNG\x01", [(b"Content-Type", b"image/png")], Response),
    ],
    ids=["feed", "no type", "image"],
)
def test_a_response_has_the_class_of_its_type(body, headers, kind):
    assert type(response_of(archived(body, *headers))) is kind


def test_of_several_content_types_the_last_counts_as_in_a_live_crawl():
    page = archived(
        "<p>é".encode("latin-1"),
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"content-type", b"text/html; charset=latin-1"),
    )
    response = response_of(page)
    assert isinstance(response, HtmlResponse)
    assert response.text == "<p>é"


def test_a_body_still_encoded_is_no_text():
    page = archived(
        gzip.compress(b"<p>")[:9],
        (b"Content-Type", b"text/html"),
        (b"Content-Encoding", b"gzip"),
        undecoded="the compressed body ends early",
    )
    response = response_of(page)
    assert type(response) is Response
    assert response.headers["Content-Encoding"] == b"gzip"


def test_status_and_empty_body_are_kept():
    response = response_of(archived(b"", (b"Location", b"/new"), status=301))
    assert (response.status, response.body, response.headers["Location"]) == (301, b"", b"/new")
