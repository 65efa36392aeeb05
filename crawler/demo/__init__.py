"""A small blog that comes along, so that a first crawl and the tests need no network."""

from crawler.demo.manifest import manifest
from crawler.demo.server import DemoBlog

__all__ = ["DemoBlog", "manifest"]
