"""The console script ``blogarchive``: what ``scrapy`` does here, from any folder."""

from __future__ import annotations

import os

from scrapy.cmdline import execute


def main() -> None:
    """Run the command that the command line names, and exit with its code.

    ``SCRAPY_SETTINGS_MODULE`` in the environment stays in force, so that an
    operator can run the same commands with settings of their own.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    execute()
