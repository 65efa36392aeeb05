"""Requisites are known by every letter of their URL, and asked for as the settings say."""

from __future__ import annotations

import pytest
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings

from crawler.spiders import requisites as module
from crawler.spiders.dead_hosts import ENOUGH, DeadHosts
from crawler.spiders.identity import REQUISITE, PageFingerprinter
from crawler.spiders.requisites import Requisites

URL = "http://blog.example/2012/post"
ON = {"REQUISITES_ENABLED": True, "REQUISITE_KINDS": "image,style,frame,document"}


def fingerprint(url: str, kind: str | None = None) -> bytes:
    meta = {"verbatim_url": True} | ({REQUISITE: kind} if kind else {})
    return PageFingerprinter().fingerprint(Request(url, meta=meta))


def asked(html: str, known: tuple[str, ...] = (), **settings: object) -> list[str]:
    wants = Requisites.from_settings(Settings(ON | settings), lambda url: "//blog.example/" in url)
    fingerprints = {fingerprint(url, "image") for url in known}
    page = HtmlResponse(URL, body=html.encode())
    return [request.url for request in wants.of_page(page, lambda _: iter(()), fingerprints.__contains__)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h/style.css?v=1", "http://h/style.css?v=2"),
        ("http://h/a.png", "http://h/a.png?"),
        ("http://h/a", "http://h/a/"),
        ("http://h/a", "https://h/a"),
        ("http://h/a", "http://www.h/a"),
    ],
)
def test_requisites_are_told_apart_by_every_letter(one, other):
    assert fingerprint(one, "style") != fingerprint(other, "style")


def test_a_requisite_is_the_same_whatever_it_is_needed_for_and_whatever_its_fragment():
    assert fingerprint("http://h/a", "image") == fingerprint("http://h/a#x", "icon")


def test_a_requisite_is_not_the_page_at_its_url():
    assert fingerprint("http://h/stories/2010/09/10/a", "frame") != fingerprint(
        "http://h/stories/2010/09/10/a"
    )


def test_what_is_known_is_not_asked_for_again():
    assert asked("<img src=/a.png><img src=/b.png>", ("http://blog.example/a.png",)) == [
        "http://blog.example/b.png"
    ]


@pytest.mark.parametrize(
    ("html", "urls"),
    [
        ("<iframe src=/stories/2010/09/10/a></iframe><iframe src=/node></iframe>", []),
        ("<iframe src=/frame></iframe>", ["http://blog.example/frame"]),
        # Its query makes it a trap among pages; a requisite is no page.
        ("<img src=/a.png?sort=1>", ["http://blog.example/a.png?sort=1"]),
        ("<script src=/a.js></script>", []),
    ],
)
def test_pages_are_left_to_the_rules_for_pages(html, urls):
    assert asked(html) == urls


def test_nothing_is_asked_for_where_it_is_switched_off():
    assert asked("<img src=/a.png>", REQUISITES_ENABLED=False) == []


def test_a_reader_that_stumbles_costs_no_page(monkeypatch, caplog):
    def stumble(_: Response) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(module, "requisites_of", stumble)
    assert asked("<img src=/a.png>") == []
    assert "cannot be read" in caplog.text


# --- Hosts that take no connection ---


def picture(**meta: object) -> Request:
    return Request("http://dead.example/a.png", meta={REQUISITE: "image", **meta})


def test_a_host_that_takes_no_connection_is_not_asked_for_more_requisites():
    hosts = DeadHosts()
    for _ in range(ENOUGH):
        hosts.process_request(picture())
        hosts.process_exception(picture(), CannotResolveHostError())
    with pytest.raises(IgnoreRequest, match="took no connection before"):
        hosts.process_request(picture())
    # A page is asked for all the same, and so is what was tried before.
    hosts.process_request(Request("http://dead.example/page"))
    hosts.process_request(picture(retry_times=1))


def test_a_host_that_answers_again_is_asked_again():
    hosts = DeadHosts()
    for _ in range(ENOUGH):
        hosts.process_exception(picture(), CannotResolveHostError())
    hosts.process_response(picture(), Response("http://dead.example/a.png"))
    hosts.process_request(picture())


def test_an_error_on_a_connection_that_was_there_says_nothing_of_the_host():
    hosts = DeadHosts()
    for _ in range(ENOUGH):
        hosts.process_exception(picture(), ValueError())
    hosts.process_request(picture())
