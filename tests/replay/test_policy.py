"""What leaves the engines for the browser."""

from __future__ import annotations

import pytest

from crawler.replay.policy import Origins, content_fields, kept_fields

ORIGINS = Origins("http://127.0.0.1:8080", "http://127.0.0.1:8081")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("http://127.0.0.1:8081/archive/mp_/http://old.example/", True),
        ("http://127.0.0.1:8080/", True),
        ("/archive/mp_/http://old.example/", True),
        ("http://127.0.0.1:80811/", False),
        ("http://old.example/", False),
        ("//old.example/", False),
        ("/\\old.example/", False),
    ],
)
def test_a_redirect_leads_nowhere_but_to_the_replay(address, kept):
    assert bool(kept_fields([("Location", address)], ORIGINS)) is kept


@pytest.mark.parametrize(
    "name", ["Link", "Refresh", "Alt-Svc", "NEL", "Report-To", "Content-Security-Policy"]
)
def test_no_field_of_the_archive_sends_the_browser_elsewhere(name):
    assert kept_fields([(name, "anything"), ("Content-Type", "text/html")], ORIGINS) == [
        ("Content-Type", "text/html")
    ]


def test_archived_pages_are_shut_in_and_documents_without_scripts_can_be_shown():
    policies = [dict(content_fields(ORIGINS, kind)) for kind in ("text/html", "", "application/pdf")]
    assert [" sandbox allow-scripts" in fields["Content-Security-Policy"] for fields in policies] == [
        True,
        True,
        False,
    ]
    assert all(" ws:" not in fields["Content-Security-Policy"] for fields in policies)
