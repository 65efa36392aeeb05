"""A crawl in a process of its own: ``python crawl_urls.py JOB.json``, a foreign project but for the add-on.

The job has ``settings`` and ``requests`` (arguments of scrapy.Request); what became
of each goes to ``outcomes.jsonl`` beside it, in order of arrival.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

SETTINGS = {
    "ADDONS": {"crawler.wire.addon.CaptureAddon": 500},
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "COOKIES_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,
    "RETRY_TIMES": 1,
    "DOWNLOAD_DELAY": 0,
    "LOG_LEVEL": "DEBUG",
}


class Urls(Spider):
    name = "urls"
    job: dict[str, Any]
    outcomes: list[dict[str, Any]]

    async def start(self) -> AsyncIterator[Request]:
        for arguments in self.job["requests"]:
            yield Request(**arguments, callback=self.arrived, errback=self.failed, dont_filter=True)

    def arrived(self, response: Response) -> None:
        request = response.request
        assert request is not None
        self.outcomes.append(
            {
                "asked": request.meta.get("redirect_urls", [request.url])[0],
                "url": response.url,
                "status": response.status,
                "flags": response.flags,
                "length": len(response.body),
                "kind": type(response).__name__,
                "peer": str(response.ip_address),
                "protocol": response.protocol,
            }
        )

    def failed(self, failure: Failure) -> None:
        request = failure.request  # type: ignore[attr-defined]
        asked = request.meta.get("redirect_urls", [request.url])[0]
        error = {"error": type(failure.value).__name__, "message": str(failure.value)}
        self.outcomes.append({"asked": asked, **error})


def peak_kib() -> int:
    """Most memory this process had resident. getrusage() would count the parent's, from before exec."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def main(job_file: Path) -> None:
    job = json.loads(job_file.read_text())
    outcomes: list[dict[str, Any]] = []
    process = AsyncCrawlerProcess({**SETTINGS, **job["settings"]})
    process.crawl(Urls, job=job, outcomes=outcomes)
    process.start()
    outcomes.append({"asked": "", "peak_kib": peak_kib()})
    job_file.with_name("outcomes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
