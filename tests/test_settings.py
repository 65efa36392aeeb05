"""The settings are those of an archive, and none of them is what Scrapy does anyhow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scrapy.settings import Settings, default_settings
from scrapy.utils.misc import load_object

from crawler import settings

OURS = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}


@pytest.mark.parametrize("name", [name for name in OURS if hasattr(default_settings, name)])
def test_a_setting_of_scrapy_is_here_because_it_differs(name):
    # Named on purpose though it is the default: what an archive must not depend on.
    if name != "HTTPCACHE_ENABLED":
        assert OURS[name] != getattr(default_settings, name)


@pytest.mark.parametrize(
    "name",
    ["ADDONS", "ITEM_PIPELINES", "EXTENSIONS", "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES"],
)
def test_every_component_that_is_named_exists(name):
    assert all(load_object(path) for path in OURS[name])


def test_no_port_is_open_and_only_the_web_is_fetched():
    effective = Settings(OURS)
    assert not effective.getbool("TELNETCONSOLE_ENABLED")
    assert not effective.getbool("REMOTE_CONTROL_ENABLED")
    handlers = effective.get_component_priority_dict_with_base("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}


def test_every_setting_of_our_own_is_documented():
    root = Path(__file__).parents[1]
    read = r"settings(?:\.get\w*\(|\.set\(|\[)\s*\"([A-Z_]+)\""
    sources = "".join(path.read_text("utf-8") for path in (root / "crawler").rglob("*.py"))
    own = {*OURS, *re.findall(read, sources)} - set(dir(default_settings))
    page = (root / "docs" / "settings.md").read_text("utf-8")
    assert own <= set(re.findall(r"`([A-Z_]+)`", page))
    assert len(own) > 10
