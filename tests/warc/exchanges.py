"""Exchanges as the client hands them over."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from crawler.warc.exchange import Exchange, Message

SENT_AT = datetime(2026, 11, 23, 15, 43, 0, 123456, tzinfo=UTC)
REQUEST = b"GET /post HTTP/1.1\r\nHost: blog.example\r\nAccept-Encoding: gzip, deflate\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def make_message(body: bytes = b"<p>hi", *, head: bytes = HEAD, payload: bytes | None = None, **more: Any):
    return Message(
        head=head,
        body=io.BytesIO(body),
        body_length=len(body),
        block_sha1=hashlib.sha1(head + body).digest(),
        payload_sha1=hashlib.sha1(body if payload is None else payload).digest(),
        payload_sha256=hashlib.sha256(body if payload is None else payload).digest(),
        payload_length=len(body if payload is None else payload),
        **more,
    )


def make_exchange(body: bytes = b"<p>hi", **more: Any) -> Exchange:
    """An exchange whose answer has the body; ``head``, ``payload`` and ``truncated`` belong to the answer."""
    of_message = {name: more.pop(name) for name in ("head", "payload", "truncated") if name in more}
    more.setdefault("response", make_message(body, **of_message))
    more.setdefault("target_uri", "http://blog.example/post")
    return Exchange(**{"method": "GET", "sent_at": SENT_AT, "request": REQUEST, **more})
