from __future__ import annotations

import pytest
from scrapy.settings import Settings

from crawler.commands.setting_values import unfit_setting


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WARC_MAX_BYTES", "1 GB", "WARC_MAX_BYTES: '1 GB', expected a number"),
        ("DOWNLOAD_TIMEOUT", "", "DOWNLOAD_TIMEOUT: '', expected a number"),
        (
            "REPLAY_CHECK",
            "no.such.Check",
            "REPLAY_CHECK: 'no.such.Check', expected a class, or nothing (No module named 'no')",
        ),
        (
            "REPLAY_CHECK",
            "json.dumps",
            "REPLAY_CHECK: 'json.dumps', expected a class with from_settings, or nothing",
        ),
        ("ROBOTSTXT_OBEY", "maybe", "ROBOTSTXT_OBEY: 'maybe', expected True or False"),
    ],
)
def test_text_that_is_no_value_of_its_setting_is_told_by_name(name, value, words):
    assert unfit_setting(Settings({name: value})) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [("DOWNLOAD_DELAY", "0.5"), ("ROBOTSTXT_OBEY", "False"), ("JOBDIR", "x"), ("REPLAY_CHECK", "")],
)
def test_text_that_can_be_read_is_fine(name, value):
    assert unfit_setting(Settings({name: value})) is None


@pytest.mark.parametrize(
    "setting", ["WARC_MAX_BYTES=x", "CONNECT_TIMEOUT=x", "DOWNLOAD_TLS_MIN_VERSION=9", "WARC_ENABLED=False"]
)
def test_a_wrong_setting_is_told_in_one_sentence_and_leaves_nothing(scrapy, setting):
    ended = scrapy.crawl("http://127.0.0.1:1/", "-s", setting)
    name, _, value = setting.partition("=")
    assert ended.returncode == 2
    assert f"{name}: {value!r}, expected".replace("'False'", "False") in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert scrapy.runs() == []
