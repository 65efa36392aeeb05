"""Content codings of live answers, removed by the same code as in an extract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured
from scrapy.responsetypes import responsetypes

from crawler.warc.codings import Undecodable, decoded

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Headers, Response

UNDECODED = "undecoded"
"""Flag of a Response whose body could not be decoded, or not whole."""


class Decoding:
    """Decodes the body of a response, in place of Scrapy's HttpCompressionMiddleware.

    That one hands a body on as whole whose gzip stream is cut or has a wrong
    checksum, and loses the response of one that is broken; in the archive all
    are whole messages. Here each is handed on as far as it can be read, with
    the flag ``undecoded``, which is how an extract of the archive sees it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for this crawl. Raises NotConfigured where COMPRESSION_ENABLED leaves it to Scrapy."""
        if crawler.settings.getbool("COMPRESSION_ENABLED"):
            raise NotConfigured
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_response(self, request: Request, response: Response) -> Response:
        """The response with its body decoded; as it came where there is no content coding."""
        codings = _codings(response.headers)
        if not codings or not response.body or request.method == "HEAD":
            return response
        flags = response.flags
        try:
            body = decoded(
                response.body, codings, request.meta.get("download_maxsize", self._limit) or 1 << 40
            )
        except Undecodable as error:
            body, flags = error.body, [*flags, UNDECODED, str(error)]
        headers = response.headers.copy()
        del headers[b"Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return response.replace(cls=kind, headers=headers, body=body, flags=flags)


def _codings(headers: Headers) -> list[bytes]:
    """The codings in the order they were applied, lower case."""
    lists = headers.getlist(b"Content-Encoding")
    return [coding.strip().lower() for value in lists for coding in value.split(b",") if coding.strip()]
