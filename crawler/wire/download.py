"""One download as Scrapy sees it: size limits, signals, latency, the body in memory."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DownloadCancelledError, StopDownload
from scrapy.http import Headers

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.wire.head import ResponseHead

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLimits:
    """Bytes of an entity body; 0 is no bound."""

    maximum: int
    """More is not fetched (DOWNLOAD_MAXSIZE)."""
    warning: int
    """More is worth a line in the log (DOWNLOAD_WARNSIZE)."""
    memory: int
    """More is archived but kept from the Response (RESPONSE_BODY_CAP)."""


class Download:
    """Watches the answer to ``request`` on behalf of the crawl."""

    def __init__(self, crawler: Crawler, request: Request, name: str, limits: SizeLimits) -> None:
        self.headers = Headers()
        self.body = BytesIO()
        """The entity body, up to ``limits.memory``."""
        self.capped = False
        """Whether the answer has more than ``body``."""
        self._crawler, self._request, self._name, self._limits = crawler, request, name, limits
        self._received = 0
        self._warned = False

    def head_received(self, head: ResponseHead, length: int | None) -> Exception | None:
        """Ask the size limits and the receivers of ``headers_received``."""
        for name, value in head.fields:
            self.headers.appendlist(name, value)
        if error := self._check_size(length or 0, "announced"):
            return error
        return self._ask(signals.headers_received, headers=self.headers, body_length=length)

    def payload_received(self, data: bytes) -> Exception | None:
        """Keep ``data``, ask the receivers of ``bytes_received`` and the size limits."""
        self._received += len(data)
        if self._limits.memory and self._received > self._limits.memory:
            self.capped = True
            self.body.write(data[: max(0, self._limits.memory - self.body.tell())])
        else:
            self.body.write(data)
        return self._ask(signals.bytes_received, data=data) or self._check_size(self._received, "received")

    def _check_size(self, size: int, how: str) -> Exception | None:
        maximum, warning = self._limits.maximum, self._limits.warning
        if maximum and size > maximum:
            found = f"{size} bytes {how}, more than DOWNLOAD_MAXSIZE ({maximum})"
            logger.warning("%s: %s", self._name, found)
            return DownloadCancelledError(found)
        if warning and size > warning and not self._warned:
            self._warned = True
            logger.warning(
                "%s: %d bytes %s, more than DOWNLOAD_WARNSIZE (%d)", self._name, size, how, warning
            )
        return None

    def _ask(self, signal: object, **about: Any) -> StopDownload | None:
        results = self._crawler.signals.send_catch_log(
            signal=signal, request=self._request, spider=self._crawler.spider, **about
        )
        # What a receiver raised comes back as a Failure.
        raised = (getattr(result, "value", None) for _, result in results)
        return next((error for error in raised if isinstance(error, StopDownload)), None)
