"""The end of a crawl before its last request: how requests end then, and the signal that says so."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest


class Stopped(IgnoreRequest):
    """The request was given up because the crawl is being stopped; it says nothing of the host.

    An IgnoreRequest, because Scrapy neither tries those again nor logs them
    as errors.
    """

    def __init__(self, message: str = "the crawl was stopped") -> None:
        super().__init__(message)


stop_downloads = object()
"""Signal with ``grace`` (seconds), sent by whoever stops a crawl; the download handlers of ours receive it.

They refuse requests from then on, end those under way that take longer than
``grace``, and return when all have ended. It may be sent again, with less.
"""
