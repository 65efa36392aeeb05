"""The one line that captures any Scrapy project: ``ADDONS = {"crawler.wire.addon.CaptureAddon": 500}``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.warc.extension import WarcCapture
from crawler.wire.address_guard import allowed_networks
from crawler.wire.tls import TlsPolicy

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

HANDLER = "crawler.wire.handler.CaptureDownloadHandler"
# What replay tools can decode: neither br nor zstd, which Scrapy would ask for.
ACCEPT_ENCODING = "gzip, deflate"
DECODING = "crawler.wire.decoding.Decoding"


class CaptureAddon:
    """Puts our download handler and the WARC writer into a crawl, unless WARC_ENABLED is False.

    Whatever the project sets itself stays as it is.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Called by Scrapy once project and spider settings are known.

        Raises ValueError for a version of TLS that is none, and for a network that is none.
        """
        if not settings.getbool("WARC_ENABLED", default=True):
            return
        # Scrapy only logs what its download handlers say of their settings, and crawls on without them.
        TlsPolicy.from_settings(settings)
        allowed_networks(settings)
        settings.setdefault_in_component_priority_dict("EXTENSIONS", WarcCapture, 500)
        _set_default(settings, "DOWNLOAD_HANDLERS", "http", HANDLER)
        _set_default(settings, "DOWNLOAD_HANDLERS", "https", HANDLER)
        if settings.getbool("COMPRESSION_ENABLED") or settings["DOWNLOADER_MIDDLEWARES"].get(DECODING):
            _set_default(settings, "DEFAULT_REQUEST_HEADERS", "Accept-Encoding", ACCEPT_ENCODING)


def _set_default(settings: BaseSettings, name: str, key: str, value: str) -> None:
    """Set one key of a dictionary setting that the project has not set."""
    values = settings[name]
    if key not in values:
        # Without a reactor Scrapy writes its own handlers at this priority (into DOWNLOAD_HANDLERS_BASE).
        values.set(key, value, "project")
