"""TLS towards sites: archived whatever their certificate is worth, with the verdict on it."""

from __future__ import annotations

import ssl
from functools import cached_property
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


class TlsPolicy:
    """How TLS is spoken, and what is known of the certificates of hosts.

    Every host is met with verification on. Where that fails and ``require``
    is off, the host is met again without, and the reason is its verdict from
    then on: one more connection for each host with a bad certificate, none
    for the others.
    """

    def __init__(
        self,
        *,
        require: bool = False,
        minimum: ssl.TLSVersion | None = None,
        maximum: ssl.TLSVersion | None = None,
        ciphers: str | None = None,
    ) -> None:
        self.require = require
        self._minimum, self._maximum, self._ciphers = minimum, maximum, ciphers
        self._bad: dict[tuple[str, int], str] = {}

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Read DOWNLOAD_VERIFY_CERTIFICATES, DOWNLOAD_TLS_MIN_VERSION and _MAX_VERSION, and the ciphers.

        Raises ValueError for a version that is none.
        """
        return cls(
            require=settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"),
            minimum=_version(settings, "DOWNLOAD_TLS_MIN_VERSION"),
            maximum=_version(settings, "DOWNLOAD_TLS_MAX_VERSION"),
            ciphers=settings["DOWNLOADER_CLIENT_TLS_CIPHERS"],
        )

    def verdict(self, host: str, port: int) -> str:
        """``ok``, or what is wrong with the certificate of a host met before."""
        return self._bad.get((host, port), "ok")

    def context(self, host: str, port: int) -> ssl.SSLContext:
        """What to meet a host with."""
        return self._trusting if (host, port) in self._bad else self._verifying

    def distrust(self, host: str, port: int, error: ssl.SSLCertVerificationError) -> None:
        """Keep what is wrong with the certificate of a host."""
        self._bad[host, port] = error.verify_message or str(error)

    @cached_property
    def _verifying(self) -> ssl.SSLContext:
        context = self._context()
        context.load_default_certs()
        return context

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        context = self._context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # HTTP/2 frames have no agreed form in WARC.
        context.set_alpn_protocols(["http/1.1"])
        if self._minimum is not None:
            context.minimum_version = self._minimum
        if self._maximum is not None:
            context.maximum_version = self._maximum
        if self._ciphers:
            context.set_ciphers(self._ciphers)
        return context


def _version(settings: BaseSettings, name: str) -> ssl.TLSVersion | None:
    value = settings[name]
    if value is None:
        return None
    if value not in VERSIONS:
        raise ValueError(f"{name}: {value!r}, expected one of {', '.join(VERSIONS)}")
    return VERSIONS[value]
