"""The download handler: Scrapy requests over our own client, each exchange captured."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    NotConfigured,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.asyncio import is_asyncio_available

from crawler.warc.extension import WarcCapture
from crawler.warc.stop import stop_downloads
from crawler.wire.address_guard import AddressGuard
from crawler.wire.client import Client
from crawler.wire.dial import Dialer
from crawler.wire.download import Download, SizeLimits
from crawler.wire.pool import Pool
from crawler.wire.request import wire_request
from crawler.wire.tls import TlsPolicy

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.wire.client import Attempt, ExchangeSink

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 30.0
FIRST_BYTE_TIMEOUT = 60.0
RESPONSE_BODY_CAP = 32 * 1024 * 1024
# An idle download has no other bound than the whole time; without one it gets a day.
NO_TIMEOUT = 86_400.0


class CaptureDownloadHandler(BaseDownloadHandler):
    """Downloads http and https, and hands every exchange to ``sink`` before Scrapy sees its outcome.

    Besides Scrapy's own settings and ``meta`` keys for downloads it reads
    CONNECT_TIMEOUT and FIRST_BYTE_TIMEOUT (seconds), RESPONSE_BODY_CAP (bytes
    of a body that the Response may hold; the archive holds all), which
    ``meta["response_body_cap"]`` sets for one request, and ADDRESS_ALLOW.

    A Response has the flag ``warc:<record id>``, the problems of the parser
    as further flags, ``dataloss`` where it is cut, and ``body-capped`` where
    its body is only the beginning.
    """

    lazy = False

    def __init__(self, crawler: Crawler, sink: ExchangeSink) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._timeout = settings.getfloat("DOWNLOAD_TIMEOUT")
        self._limits = SizeLimits(
            maximum=settings.getint("DOWNLOAD_MAXSIZE"),
            warning=settings.getint("DOWNLOAD_WARNSIZE"),
            memory=settings.getint("RESPONSE_BODY_CAP", RESPONSE_BODY_CAP),
        )
        self._fail_on_dataloss = settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
        self._bind = settings.get("DOWNLOAD_BIND_ADDRESS")
        self._guard = AddressGuard.from_crawler(crawler)
        self._client = Client(
            sink,
            Dialer(TlsPolicy.from_settings(settings), self._guard),
            Pool(settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"), settings.getint("CONCURRENT_REQUESTS")),
            connect=settings.getfloat("CONNECT_TIMEOUT", CONNECT_TIMEOUT) or NO_TIMEOUT,
            first_byte=settings.getfloat("FIRST_BYTE_TIMEOUT", FIRST_BYTE_TIMEOUT) or NO_TIMEOUT,
        )
        crawler.signals.connect(self.stop, signal=stop_downloads)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the sink from the extension ``WarcCapture``."""
        if not is_asyncio_available():
            raise NotConfigured("capture needs asyncio: TWISTED_REACTOR is another reactor")
        sink = crawler.get_extension(WarcCapture)
        if sink is None:
            raise NotConfigured("nothing would be captured: the extension WarcCapture is not enabled")
        return cls(crawler, sink)

    async def download_request(self, request: Request) -> Response:
        """Download ``request``. Raises the download exceptions of Scrapy, Stopped and AddressRefused."""
        meta = request.meta
        asked = wire_request(request, _address(meta.get("bindaddress") or self._bind))
        if asked.endpoint.proxy is not None:
            # Its connections carry requests for any host.
            self._guard.check_name(asked.endpoint)
        limits = SizeLimits(
            maximum=meta.get("download_maxsize", self._limits.maximum),
            warning=meta.get("download_warnsize", self._limits.warning),
            memory=meta.get("response_body_cap", self._limits.memory),
        )
        download = Download(self.crawler, request, asked.target_uri, limits)
        timeout = float(meta.get("download_timeout") or self._timeout) or NO_TIMEOUT
        attempt = await self._client.fetch(asked, download, timeout)
        return self._outcome(request, download, attempt)

    async def stop(self, grace: float) -> None:
        """Refuse requests from now on, and cut those that take longer than ``grace`` seconds."""
        await self._client.stop(grace)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _outcome(self, request: Request, download: Download, attempt: Attempt) -> Response:
        """The Response, or the exception that says why there is none."""
        answer, name, flags = attempt.answer, attempt.exchange.target_uri, list[str]()
        if answer.latency is not None:
            request.meta["download_latency"] = answer.latency
        error = answer.error
        if error is not None and not isinstance(error, StopDownload):
            # Anew, with its URL: a traceback on the one that is kept would keep the whole download.
            raise type(error)(f"{name}: {error}")
        if answer.parser.head is None:
            failed = DownloadCancelledError if answer.parser.cut else DownloadFailedError
            raise failed(f"{name}: {answer.explanation}")
        if error is None and not answer.whole:
            if request.meta.get("download_fail_on_dataloss", self._fail_on_dataloss):
                raise ResponseDataLossError(f"{name}: {answer.explanation}")
            flags.append("dataloss")
        response = _response(request, download, attempt, flags)
        if isinstance(error, StopDownload):
            response.flags.append("download_stopped")
            if error.fail:
                error.response = response
                raise error
        return response


def _response(request: Request, download: Download, attempt: Attempt, flags: list[str]) -> Response:
    head = attempt.answer.parser.head
    if head is None:
        raise RuntimeError(f"{attempt.exchange.target_uri}: a Response was asked of an answer without head")
    url = _bare(request.url)
    body = download.body.getvalue()
    headers = download.headers
    kind: type[Response] = responsetypes.from_args(headers=headers, url=url, body=body)
    if download.capped:
        # Neither to be parsed nor to be decompressed: it is not the whole body.
        flags.append("body-capped")
        headers.pop(b"Content-Encoding", None)
        kind = Response
    arguments: dict[str, Any] = {
        "url": url,
        "status": head.status,
        "headers": headers,
        "body": body,
        "flags": [f"warc:{attempt.exchange.record_id}", *flags, *attempt.exchange.problems],
        "certificate": attempt.certificate,
        "ip_address": ipaddress.ip_address(attempt.peer) if attempt.peer else None,
        "protocol": "HTTP/{}.{}".format(*head.version),
    }
    return kind(**arguments)


def _bare(url: str) -> str:
    """The URL without fragment and userinfo: pages take their own links from it."""
    url = url.partition("#")[0]
    netloc = urlsplit(url).netloc
    return url.replace(netloc, netloc.rpartition("@")[2], 1) if "@" in netloc else url


def _address(bind: str | tuple[str, int] | None) -> tuple[str, int] | None:
    return (bind, 0) if isinstance(bind, str) else bind
