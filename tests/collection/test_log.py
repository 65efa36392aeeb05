"""The log of a run is JSON, tells no secret, and closes before its run does."""

from __future__ import annotations

import json
import logging
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from scrapy.exceptions import CannotResolveHostError

from crawler.collection.log import JsonLog, OneLine
from crawler.collection.secrets import argument_to_tell, without_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log(tmp_path):
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.NOTSET)
    handler = JsonLog(tmp_path / "crawl.log.jsonl", logging.INFO)

    def lines():
        handler.close_file()
        return [json.loads(line) for line in (tmp_path / "crawl.log.jsonl").read_text("utf-8").splitlines()]

    yield lines
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(before)


def test_a_record_is_one_object(log):
    logging.getLogger("a.b").warning("two\nlines %s", "\u2028")
    [line] = log()
    assert line["time"].endswith("Z")
    assert line | {"time": ""} == {
        "time": "",
        "level": "WARNING",
        "logger": "a.b",
        "message": "two\nlines \u2028",
        "traceback": None,
    }


def test_a_traceback_is_kept_with_its_record(log):
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        logging.getLogger("a").exception("it broke")
    [line] = log()
    assert "ZeroDivisionError" in line["traceback"]


def test_levels_below_the_one_asked_for_are_left_out(log):
    logging.getLogger("a").debug("quiet")
    assert log() == []


def test_names_and_passwords_in_urls_are_masked(log):
    logging.getLogger("a").info("see %s", "http://me:secret@a.example/")
    assert log()[0]["message"] == "see http://***@a.example/"


def test_the_dump_of_all_settings_is_left_out(log):
    logging.getLogger("scrapy.crawler").info(
        "Overridden settings:\n%(settings)s", {"settings": "HTTPAUTH_PASS"}
    )
    assert log() == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("http://a:b@c.example/d@e", "http://***@c.example/d@e"),
        ("https://token@c.example", "https://***@c.example"),
        ("http://c.example/?mail=a@b", "http://c.example/?mail=a@b"),
        ("mail a@b.example", "mail a@b.example"),
    ],
)
def test_only_userinfo_is_masked(text, masked):
    assert without_userinfo(text) == masked


@pytest.mark.parametrize("name", ["password", "HTTPAUTH_PASS", "token", "api_key", "auth"])
def test_an_argument_that_is_named_like_a_secret_is_masked(name):
    assert argument_to_tell(name, "x") == "***"


def test_any_other_argument_is_told_without_userinfo():
    assert argument_to_tell("site", "http://a:b@c.example/") == "http://***@c.example/"


def record(error: Exception) -> logging.LogRecord:
    name = "scrapy.core.scraper"
    return logging.LogRecord(
        name, logging.ERROR, "", 0, "Error downloading %(r)s", ({"r": "<GET x>"},), (type(error), error, None)
    )


def test_a_host_that_does_not_answer_is_told_in_one_line():
    told = record(CannotResolveHostError("x: no such host"))
    OneLine().filter(told)
    assert (told.getMessage(), told.exc_info) == ("Error downloading <GET x>: x: no such host", None)


def test_a_fault_of_ours_keeps_its_traceback():
    told = record(ZeroDivisionError("by zero"))
    OneLine().filter(told)
    assert told.exc_info is not None


@contextmanager
def full_disk() -> Iterator[None]:
    """No file grows beyond a few bytes meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def failing(tmp_path):
    handler = JsonLog(tmp_path / "crawl.log.jsonl", logging.INFO)
    yield handler
    handler.abandon()


def test_a_disk_that_takes_no_more_lines_is_told_once(failing, capsys):
    told: list[OSError] = []

    def tell(error: OSError) -> None:
        told.append(error)
        logging.getLogger("a").error("the log cannot be written")

    failing.on_error = tell
    with full_disk():
        for _ in range(3):
            logging.getLogger("a").error("a line")
    assert [error.strerror for error in told] == ["File too large"]
    assert "Logging error" not in capsys.readouterr().err


def test_without_anybody_to_tell_logging_says_it_once(failing, capsys):
    with full_disk():
        for _ in range(3):
            logging.getLogger("a").error("a line")
    assert capsys.readouterr().err.count("--- Logging error ---") == 1


def test_a_log_with_a_hole_does_not_get_its_name(failing, tmp_path):
    failing.on_error = lambda error: None
    with full_disk():
        logging.getLogger("a").error("a line")
    with pytest.raises(OSError, match="File too large"):
        failing.close_file()
    assert [path.name for path in tmp_path.iterdir()] == ["crawl.log.jsonl.open"]


def test_a_record_that_cannot_be_put_into_words_is_told_as_logging_does(failing, capsys):
    failing.on_error = lambda error: pytest.fail("no disk has failed")
    failing.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",), "levelno": logging.ERROR}))
    assert "--- Logging error ---" in capsys.readouterr().err
