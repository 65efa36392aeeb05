"""``scrapy demo``, as a stranger types it: everything that the blog says is archived, with its proof."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from warcio import ArchiveIterator

from crawler.commands.demo import told
from crawler.demo import manifest

ROOT = Path(__file__).parents[2]
TRUTH = manifest()


def scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """The ended process and the run that it wrote."""
    folder = tmp_path_factory.mktemp("archive")
    ended = scrapy("demo", "-s", f"ARCHIVE_ROOT={folder}")
    [run] = (folder / "demo").glob("*T*Z")
    return ended, run


def rows(run: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / f"{kind}.jsonl").read_text("utf-8").splitlines()]


def path_of(post_id: str) -> str:
    return "/" + post_id.partition("/")[2]


def test_it_ends_well_and_says_what_lies_where(archived):
    ended, run = archived
    assert (ended.returncode, ended.stderr) == (0, f"scrapy demo: {run}: complete\n")
    assert re.search(r"^ +16 posts +posts\.jsonl +[\d,]+ bytes$", ended.stdout, re.MULTILINE)
    assert re.search(r"^ +83 comments +comments\.jsonl +[\d,]+ bytes$", ended.stdout, re.MULTILINE)
    assert re.search(r"^ +\d+ records +demo-\w+-00000\.warc\.gz +[\d,]+ bytes$", ended.stdout, re.MULTILINE)
    assert f"archived in {run}/" in ended.stdout


def test_every_post_and_every_comment_is_archived_once(archived):
    _, run = archived
    posts = {path_of(row["id"]): row["body_text"] for row in rows(run, "posts")}
    comments = [(path_of(row["id"]), row["body_text"]) for row in rows(run, "comments")]
    assert posts == {row["path"]: row["body_text"] for row in TRUTH["posts"]}
    assert sorted(comments) == sorted(
        (f"{row['post']}#comment-{row['comment']}", row["body_text"]) for row in TRUTH["comments"]
    )
    assert {row["name"] for row in rows(run, "authors")} == {row["name"] for row in TRUTH["authors"]}


def test_a_line_names_the_record_that_proves_it(archived):
    _, run = archived
    for row in rows(run, "posts"):
        with (run / row["warc_file"]).open("rb") as stream:
            stream.seek(row["warc_offset"])
            record = next(iter(ArchiveIterator(stream)))
            assert record.rec_headers["WARC-Record-ID"] == f"<{row['warc_record_id']}>"
            assert record.rec_headers["WARC-Target-URI"] == row["captured_url"]
            assert row["title"].encode() in record.content_stream().read().replace(b"&amp;", b"&")


def test_no_trap_is_asked_for_and_nothing_twice_but_the_target_of_a_redirect(archived):
    _, run = archived
    with next(run.glob("*.warc.gz")).open("rb") as stream:
        asked = [
            record.rec_headers["WARC-Target-URI"]
            for record in ArchiveIterator(stream)
            if record.rec_type == "request"
        ]
    # A redirect leads where the old address points, known or not.
    assert [url for url, count in Counter(asked).items() if count > 1] == [
        asked[0].replace("/robots.txt", "/stories/2009/05/02/how-post-lighthouse")
    ]
    assert not [url for url in asked if re.search(r"mini=|sort=|/print/|/node/\d|/comment/|/users?/", url)]


def test_what_was_not_kept_is_written_down(archived):
    _, run = archived
    [skipped] = rows(run, "skipped")
    assert skipped["url"].endswith("/stories/2010/04/01/exhibition-withdrawn")


def test_a_second_run_says_that_nothing_is_new(archived, tmp_path):
    _, run = archived
    again = shutil.copytree(run, tmp_path / run.name)
    told_once = json.loads((again / "run.json").read_text("utf-8"))
    told_once["written"] = dict.fromkeys(told_once["written"], 0)
    (again / "run.json").write_text(json.dumps(told_once), "utf-8")
    assert "Nothing is new" in told(again, "scrapy")
    assert "Nothing is new" not in told(run, "scrapy")


def test_the_next_commands_are_called_as_this_one_was(archived):
    _, run = archived
    assert f"\n    blogarchive extract {run} -o " in told(run, "blogarchive")
    assert f"\n    blogarchive replay {run.parent}\n" in told(run, "blogarchive")


def test_the_next_command_gets_the_same_lines_out_of_the_warc(archived, tmp_path):
    ended, run = archived
    [command] = re.findall(r"-m scrapy (extract .*) -o ", ended.stdout)
    assert scrapy(*command.split(), "-o", str(tmp_path / "again")).returncode == 0
    for kind in ("posts", "comments", "authors"):
        extracted = [row | {"run_id": run.name} for row in rows(tmp_path / "again", kind)]
        assert sorted(extracted, key=str) == sorted(rows(run, kind), key=str)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    ended = scrapy("demo", "-s", f"ARCHIVE_ROOT={tmp_path / 'file'}")
    assert ended.returncode == 3
    assert (
        ended.stderr
        == f"scrapy demo: {tmp_path / 'file' / 'demo'}: no run can be written here (Not a directory)\n"
    )
    assert ended.stdout == ""


def test_an_argument_is_refused():
    ended = scrapy("demo", "everything")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "scrapy demo: everything: expected no argument\n"


def test_the_log_is_shown_where_it_is_asked_for(tmp_path):
    ended = scrapy("demo", "-L", "INFO", "-s", f"ARCHIVE_ROOT={tmp_path}")
    assert ended.returncode == 0
    assert "Spider closed (finished)" in ended.stderr
