"""Whatever is done to a collection shows, under the rule and in the file where it was done."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.collection.lock import Lock
from crawler.items import Post
from tests.commands.archives import Collection, copied, crawl_twice, errors, verified
from tests.small_site import Typed, front, post, serving

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    """A collection that nothing was done to."""
    with serving() as site:
        return crawl_twice(Typed(tmp_path_factory.mktemp("crawled")), site)


@pytest.fixture
def collection(clean, tmp_path) -> Collection:
    """A copy of it."""
    return copied(clean, tmp_path)


def set_field(name: str, field: str, value: Any, row: int = 0) -> Callable[[Collection], None]:
    """Give a field of a row another value, and hide it from every digest of a file."""

    def change(rows: list[dict[str, Any]]) -> None:
        rows[row][field] = value

    return lambda collection: collection.edit_rows(name, change)


def swap_proofs(rows: list[dict[str, Any]]) -> None:
    for field in [name for name in rows[0] if name.startswith("warc_")] + ["payload_digest", "captured_url"]:
        rows[0][field], rows[1][field] = rows[1][field], rows[0][field]


def append(path: Path, octets: bytes) -> None:
    with path.open("ab") as file:
        file.write(octets)


def flip(path: Path, place: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[place] ^= 1
    path.write_bytes(octets)


def restate(rows: list[dict[str, Any]]) -> None:
    """Let a row state another title, with a digest that fits."""
    rows[0] |= {"title": "Forged"}
    rows[0]["content_digest"] = Post(**rows[0]).digest()


def drop_run(collection: Collection) -> None:
    shutil.rmtree(collection.first)


def add_run(collection: Collection) -> None:
    shutil.copytree(collection.second, collection.path / "29991231T235959Z")


def without_digit(rows: list[dict[str, Any]]) -> None:
    rows[0].pop("tags")


def hidden(change: Callable[[Collection], object]) -> Callable[[Collection], None]:
    """Change files, and make all that knows their digests agree."""

    def done(collection: Collection) -> None:
        change(collection)
        collection.seal()

    return done


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:-size])


def forget_content(collection: Collection) -> None:
    collection.journal("DELETE FROM contents WHERE id = (SELECT min(id) FROM contents)")


def orphan(rows: list[dict[str, Any]]) -> None:
    rows[0] |= {"post_id": "example.com/other", "id": "example.com/other#comment-1"}


DAMAGE: dict[str, tuple[Callable[[Collection], object], str, str]] = {
    # Runs
    "a run taken away": (drop_run, "run-missing", "run.json"),
    "the last run taken away": (lambda c: shutil.rmtree(c.second), "run-missing", "{second}"),
    "a run added": (add_run, "run-unknown", "29991231T235959Z"),
    "a run that the journal does not know": (
        lambda c: c.journal("DELETE FROM runs WHERE id = ?", c.second.name),
        "run-unknown",
        "{second}",
    ),
    # Manifests
    "a manifest of garbage": (lambda c: (c.first / "run.json").write_bytes(b"{"), "manifest", "run.json"),
    "a manifest that is a list": (
        lambda c: (c.first / "run.json").write_bytes(b"[]"),
        "manifest",
        "run.json",
    ),
    "a manifest taken away": (lambda c: (c.first / "run.json").unlink(), "run-missing", "{first}"),
    "a manifest edited": (
        lambda c: append(c.first / "run.json", b" "),
        "chain",
        "run.json",
    ),
    "the last manifest edited": (
        lambda c: append(c.second / "run.json", b" "),
        "manifest-digest",
        "run.json",
    ),
    "a manifest without a key": (
        lambda c: c.edit_manifest(lambda told: told.pop("verdict")),
        "manifest-key",
        "run.json",
    ),
    "a manifest of another run": (
        lambda c: c.edit_manifest(lambda told: told.update(run_id="20000101T000000Z")),
        "manifest-run",
        "run.json",
    ),
    "a file listed twice": (
        lambda c: c.edit_manifest(lambda told: told["files"].append(told["files"][0])),
        "manifest-file",
        "run.json",
    ),
    "a file listed without digest": (
        lambda c: c.edit_manifest(lambda told: told["files"][0].pop("sha256")),
        "manifest-file",
        "run.json",
    ),
    "a count that disagrees": (
        lambda c: c.edit_manifest(lambda told: told["written"].update(posts=77)),
        "manifest-counts",
        "run.json",
    ),
    "a chain that is cut": (
        lambda c: c.edit_manifest(lambda told: told.update(previous_run=None), 1),
        "chain",
        "run.json",
    ),
    "a chain without its key": (
        lambda c: c.edit_manifest(lambda told: told.pop("previous_run"), 1),
        "manifest-key",
        "run.json",
    ),
    "a chain to a run that never was": (
        lambda c: c.edit_manifest(lambda told: told["previous_run"].update(run_id="20000101T000000Z"), 1),
        "run-missing",
        "run.json",
    ),
    "a run that continues one that is not there": (
        lambda c: c.edit_manifest(lambda told: told.update(continues="20000101T000000Z"), 1),
        "run-missing",
        "run.json",
    ),
    # Files
    "a file taken away": (lambda c: (c.first / "posts.jsonl").unlink(), "file-missing", "posts.jsonl"),
    "a WARC file taken away": (lambda c: c.warc.unlink(), "file-missing", "{warc}"),
    "a file added": (lambda c: (c.first / "more.txt").write_text("x"), "file-unlisted", "more.txt"),
    "a file left open in a closed run": (
        lambda c: (c.first / "posts.jsonl.open").write_text(""),
        "file-unlisted",
        "posts.jsonl.open",
    ),
    "a file that grew": (lambda c: append(c.first / "crawl.log.jsonl", b"x"), "file-size", "crawl.log.jsonl"),
    "a bit of a file": (lambda c: flip(c.first / "crawl.log.jsonl", 20), "file-digest", "crawl.log.jsonl"),
    "a bit of a WARC file": (lambda c: flip(c.warc, 3000), "file-digest", "{warc}"),
    "a bit of a WARC file, hidden": (
        hidden(lambda c: flip(c.warc, 3000)),
        "index-offset",
        "index.cdxj",
    ),
    "a WARC file cut": (
        hidden(lambda c: cut(c.warc, 700)),
        "cut",
        "{warc}",
    ),
    # Rows
    "a title": (set_field("posts", "title", "Forged"), "row-content-digest", "posts.jsonl"),
    "a text": (set_field("posts", "body_text", None), "row-content-digest", "posts.jsonl"),
    "a comment": (set_field("comments", "body_text", "Forged"), "row-content-digest", "comments.jsonl"),
    "an author": (set_field("authors", "name", "Forged"), "row-content-digest", "authors.jsonl"),
    "a title with a digest that fits": (
        lambda c: c.edit_rows("posts", restate),
        "row-unknown",
        "posts.jsonl",
    ),
    "a number that is text": (set_field("comments", "number", "1"), "row-type", "comments.jsonl"),
    "a state that there is not": (set_field("posts", "state", "lost"), "row-type", "posts.jsonl"),
    "a list with a number": (set_field("posts", "tags", [1]), "row-type", "posts.jsonl"),
    "a key less": (lambda c: c.edit_rows("posts", without_digit), "row-key", "posts.jsonl"),
    "a key more": (set_field("posts", "rating", 5), "row-key", "posts.jsonl"),
    "another run": (set_field("posts", "run_id", "20000101T000000Z"), "row-run", "posts.jsonl"),
    "another schema": (set_field("posts", "schema_version", "9"), "row-schema", "posts.jsonl"),
    "another version": (set_field("posts", "version", 5), "row-version", "posts.jsonl"),
    "no day": (set_field("posts", "date", "2010-02-31"), "row-date", "posts.jsonl"),
    "no moment": (set_field("comments", "published_at", "yesterday"), "row-date", "comments.jsonl"),
    "an original of a live page": (
        set_field("posts", "original_url", "http://example.com/"),
        "row-source",
        "posts.jsonl",
    ),
    "another WARC file": (set_field("posts", "warc_file", "x.warc.gz"), "row-file", "posts.jsonl"),
    "no WARC file": (set_field("posts", "warc_file", None), "row-proof", "posts.jsonl"),
    "another offset": (set_field("posts", "warc_offset", 7), "row-offset", "posts.jsonl"),
    "another length": (set_field("posts", "warc_length", 7), "row-warc-length", "posts.jsonl"),
    "another record": (
        set_field("posts", "warc_record_id", "urn:uuid:00000000-0000-4000-8000-000000000000"),
        "row-warc-record-id",
        "posts.jsonl",
    ),
    "another payload digest": (
        set_field("posts", "payload_digest", "sha1:" + "A" * 32),
        "row-payload-digest",
        "posts.jsonl",
    ),
    "another moment": (
        set_field("posts", "captured_at", "2001-01-01T00:00:00.000000Z"),
        "row-captured-at",
        "posts.jsonl",
    ),
    "another address": (
        set_field("posts", "captured_url", "http://example.com/"),
        "row-captured-url",
        "posts.jsonl",
    ),
    "the warcinfo as a proof": (set_field("posts", "warc_offset", 0), "row-answer", "posts.jsonl"),
    "a comment of another post": (
        set_field("comments", "post_id", "example.com/other"),
        "row-id",
        "comments.jsonl",
    ),
    "a comment of no post": (
        lambda c: c.edit_rows("comments", orphan),
        "post-missing",
        "comments.jsonl",
    ),
    "an author without row": (
        set_field("posts", "author_ids", ["x/authors/nobody"]),
        "author-missing",
        "posts.jsonl",
    ),
    "a row twice": (
        lambda c: c.edit_rows("posts", lambda rows: rows.append(rows[0])),
        "version-twice",
        "posts.jsonl",
    ),
    "a content twice": (
        lambda c: c.edit_rows("posts", lambda rows: rows.append(rows[0] | {"version": 2})),
        "content-twice",
        "posts.jsonl",
    ),
    "a row less": (
        lambda c: c.edit_rows("comments", lambda rows: rows.pop()),
        "row-missing",
        "journal.sqlite",
    ),
    "a file of rows cut": (
        hidden(lambda c: cut(c.first / "posts.jsonl", 9)),
        "line",
        "posts.jsonl",
    ),
    "a line of garbage": (
        hidden(lambda c: append(c.first / "posts.jsonl", b"\xff\n")),
        "line",
        "posts.jsonl",
    ),
    "a key twice": (
        hidden(lambda c: append(c.first / "posts.jsonl", b'{"id": "a", "id": "b"}\n')),
        "line",
        "posts.jsonl",
    ),
    # What was skipped
    "a reason that there is not": (set_field("skipped", "reason", "mood"), "skipped-reason", "skipped.jsonl"),
    "a record that was not skipped": (
        lambda c: c.edit_rows("skipped", lambda rows: rows[0].update(warc_file="x", warc_offset=3)),
        "skipped-record",
        "skipped.jsonl",
    ),
    "a key that was not skipped": (set_field("skipped", "why", "mood"), "skipped-line", "skipped.jsonl"),
    "a line of skipped less": (
        lambda c: c.edit_rows("skipped", lambda rows: rows.clear(), 1),
        "skipped-missing",
        "skipped.jsonl",
    ),
    # The index
    "no index": (lambda c: c.index.unlink(), "index-missing", "index.cdxj"),
    "an index in another order": (
        lambda c: c.edit_index(lambda lines: lines.reverse()),
        "index-order",
        "index.cdxj",
    ),
    "a line twice": (
        lambda c: c.edit_index(lambda lines: lines.insert(1, lines[0])),
        "index-twice",
        "index.cdxj",
    ),
    "a line less": (lambda c: c.edit_index(lambda lines: lines.pop(2)), "index-missing", "index.cdxj"),
    "an index of nothing": (lambda c: c.index.write_text(""), "index-missing", "index.cdxj"),
    "a line that is none": (
        lambda c: c.edit_index(lambda lines: lines.insert(0, "!\n")),
        "index-line",
        "index.cdxj",
    ),
    "an index that is cut": (
        lambda c: c.index.write_bytes(c.index.read_bytes()[:-5]),
        "index-line",
        "index.cdxj",
    ),
    "a key of another address": (
        lambda c: c.edit_entry(url="http://example.com/"),
        "index-key",
        "index.cdxj",
    ),
    "an address of another record": (
        lambda c: c.edit_entry(url="http://example.com/"),
        "index-url",
        "index.cdxj",
    ),
    "an offset within a record": (lambda c: c.edit_entry(offset="77"), "index-offset", "index.cdxj"),
    "a length that is not the record's": (lambda c: c.edit_entry(length="77"), "index-length", "index.cdxj"),
    "a status that is not the record's": (lambda c: c.edit_entry(status="404"), "index-status", "index.cdxj"),
    "a type that is not the record's": (lambda c: c.edit_entry(mime="image/png"), "index-mime", "index.cdxj"),
    "a digest that is not the record's": (
        lambda c: c.edit_entry(digest="sha1:" + "A" * 32),
        "index-digest",
        "index.cdxj",
    ),
    "a moment that is not the record's": (
        lambda c: c.edit_index(lambda lines: lines.__setitem__(0, lines[0].replace(" 20", " 19", 1))),
        "index-timestamp",
        "index.cdxj",
    ),
    "a file that is not there": (
        lambda c: c.edit_entry(filename="lost.warc.gz"),
        "index-file",
        "index.cdxj",
    ),
    # The journal
    "no journal": (lambda c: (c.path / "journal.sqlite").unlink(), "journal-missing", "journal.sqlite"),
    "a journal of garbage": (
        lambda c: (c.path / "journal.sqlite").write_bytes(b"no database" * 1000),
        "journal",
        "journal.sqlite",
    ),
    "a journal that is cut": (
        lambda c: (c.path / "journal.sqlite").write_bytes((c.path / "journal.sqlite").read_bytes()[:9000]),
        "journal",
        "journal.sqlite",
    ),
    "a journal of the future": (lambda c: c.journal("PRAGMA user_version = 99"), "journal", "journal.sqlite"),
    "a journal without a content": (forget_content, "row-unknown", ".jsonl"),
    "a page that was never written": (
        lambda c: c.journal("UPDATE requests SET record = 'urn:uuid:0' WHERE state = 'done'"),
        "page-missing",
        "{second}",
    ),
}


def test_a_collection_that_nothing_was_done_to_is_verified(clean):
    assert verified(clean, deep=True) == []


def test_all_kinds_of_record_and_row_are_in_the_collection(clean):
    octets = b"".join(path.read_bytes() for path in clean.glob("*/*.jsonl"))
    assert b"http-404" in octets
    assert "warc/revisit" in (clean / "index.cdxj").read_text()
    assert all((clean.glob(f"*/{name}.jsonl"), octets) for name in ("posts", "comments", "authors"))


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_where_it_was_done(collection, damage):
    change, rule, file = DAMAGE[damage]
    names = {"first": collection.first.name, "second": collection.second.name, "warc": collection.warc.name}
    change(collection)
    found = errors(collection.path)
    assert any(rule == its and told.endswith(file.format(**names)) for its, told in found), found


def test_damage_is_counted_in_kinds():
    assert len(DAMAGE) >= 60


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("posts", "body_html", "<p>Forged</p>"),
        ("posts", "url", "http://example.com/forged"),
        ("posts", "links", ["http://example.com/forged"]),
        ("posts", "comments_open", True),
        ("comments", "post_url", "http://example.com/forged"),
        ("comments", "published_raw", "long ago"),
        ("posts", "language", "tlh"),
    ],
)
def test_a_field_that_no_digest_covers_is_found_when_pages_are_read_again(collection, name, field, value):
    set_field(name, field, value)(collection)
    assert errors(collection.path) == []
    assert errors(collection.path, deep=True) == [("deep-field", f"{collection.first.name}/{name}.jsonl")]


def test_a_forged_row_and_the_one_it_took_the_place_of_are_found_when_pages_are_read_again(collection):
    collection.edit_rows("posts", restate)
    rules = [rule for rule, _ in errors(collection.path, deep=True)]
    assert {"deep-surplus", "deep-missing"} <= set(rules)


def test_rows_that_swapped_their_proofs_are_found(collection):
    collection.edit_rows("posts", swap_proofs)
    rules = {rule for rule, _ in errors(collection.path)}
    assert "row-captured-at" in rules
    assert "deep-surplus" in {rule for rule, _ in errors(collection.path, deep=True)}


def test_a_finding_names_the_line(collection):
    set_field("comments", "body_text", "Forged", row=1)(collection)
    found = next(found for found in verified(collection.path) if found.rule == "row-content-digest")
    assert (found.file, found.line) == (str(collection.first / "comments.jsonl"), 2)


def test_a_run_by_itself_is_verified(clean):
    first, second = sorted(clean.glob("*T*Z"))
    assert verified(first, deep=True) == []
    found = verified(second)
    assert {finding.rule for finding in found} == {"revisit-elsewhere", "author-missing"}
    assert {finding.severity for finding in found} == {"note"}


def test_a_run_that_is_open_is_no_damage(collection):
    folder = collection.path / "29991231T235959Z"
    folder.mkdir()
    (folder / "dipnote-29991231T235959Z-00000.warc.gz.open").write_bytes(b"WARC/1.1\r\n")
    collection.journal(
        "INSERT INTO runs (id, crawl, started_at) VALUES (?, 3, '2999-12-31T23:59:59.000Z')", folder.name
    )
    [found] = verified(collection.path)
    assert (found.rule, found.severity, found.file) == ("run-open", "note", str(folder))
    assert "the next crawl closes it" in found.found


def test_to_verify_changes_nothing(collection):
    def state() -> dict[str, tuple[int, bytes]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in collection.path.rglob("*.*")
        }

    before = state()
    verified(collection.path, deep=True)
    assert state() == before


def test_a_collection_without_runs_is_verified(tmp_path, collection):
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(collection.path / "journal.sqlite", empty)
    assert {rule for rule, _ in errors(empty)} == {"run-missing", "row-missing"}


def test_what_another_process_writes_is_verified_all_the_same(clean, tmp_path):
    scrapy = Typed(tmp_path)
    copied(clean, tmp_path)
    with Lock(tmp_path / "dipnote"):
        ended = scrapy("verify", "dipnote", "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout.splitlines()[-1])["errors"] == 0


def test_findings_and_summary_are_told(clean, tmp_path):
    scrapy = Typed(tmp_path)
    collection = copied(clean, tmp_path)
    collection.edit_entry(length="77")
    ended = scrapy("verify", "dipnote")
    found, summary = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (9, "")
    assert found.startswith("dipnote/index.cdxj, line ")
    assert ": index-length: found '77', expected '" in found
    assert summary.startswith("dipnote: not verified; 2 runs, 2 WARC files, ")
    as_json = [json.loads(line) for line in scrapy("verify", "dipnote", "--json").stdout.splitlines()]
    assert [line.get("rule") for line in as_json] == ["index-length", None]
    assert as_json[-1]["errors"] == 1


# --- A second copy ---


def test_copies_are_compared_by_digests(clean, tmp_path):
    scrapy = Typed(tmp_path)
    copied(clean, tmp_path)
    assert scrapy("verify", "dipnote", "--copy", str(clean)).returncode == 0
    path = tmp_path / "dipnote"
    flip(path / "index.cdxj", 100)
    run = min(path.glob("*T*Z"))
    (run / "posts.jsonl").unlink()
    (run / "more").write_text("x")
    ended = scrapy("verify", str(clean), "--copy", "dipnote")
    rules = [line.split(": ")[1] for line in ended.stdout.splitlines()[:-1]]
    assert (ended.returncode, sorted(rules)) == (9, ["copy-differs", "copy-extra", "copy-missing"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["missing"], "missing: there is no such file or folder"),
        (["empty"], "empty: an empty folder"),
        (["other"], "other: holds no run"),
        (["text"], "text: found b'no ar'"),
        (["nothing"], "nothing: found an empty file"),
        (["text", "--copy", "missing"], "missing: there is no such file or folder"),
        (["text", "--copy", "other"], "other: expected a file, as text is"),
        (["text", "--deep", "--copy", "text"], "--deep with --copy: expected PATH"),
        (["--json", "--repair", "text"], "--json given with a repair: expected PATH"),
    ],
)
def test_what_is_no_archive_is_told_in_one_sentence(tmp_path, words, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("x")
    (tmp_path / "text").write_bytes(b"no archive")
    (tmp_path / "nothing").touch()
    ended = Typed(tmp_path)("verify", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy verify: {sentence}")


def test_every_rule_is_explained():
    root = Path(__file__).parents[2]
    names = ("run", "journal", "row", "index", "wacz", "zip")
    sources = [path for name in names for path in (root / "crawler").rglob(f"{name}_check.py")]
    sources += [root / "crawler" / "collection" / name for name in ("row_catalogue.py", "copies.py")]
    sources += [root / "crawler" / "commands" / name for name in ("rereading.py", "verifying.py")]
    told = set(re.findall(r"^\| `([a-z-]+)`", (root / "docs" / "verify.md").read_text("utf-8"), re.MULTILINE))
    code = "\n".join(path.read_text("utf-8") for path in sources)
    used = set(re.findall(r'(?:error|note|tell|NoRow)\(\s*"([a-z-]+)"', code))
    assert len(used) > 60
    assert not used - told
    assert not {rule for _, rule, _ in DAMAGE.values()} - told


def test_what_a_killed_crawl_leaves_is_no_damage(tmp_path):
    scrapy = Typed(tmp_path)
    with serving() as site:
        paths = [f"/stories/2010/09/10/post-{number}" for number in range(30)]
        site.serve("/", front(*paths))
        for path in paths:
            site.serve(path, post(path))
        site.wait = 0.1
        process = scrapy.start("crawl", "dipnote", "-a", f"site={site.url}", "-s", "AUTOTHROTTLE_ENABLED=0")
        until = time.monotonic() + 30
        while len(site.asked) < 12 and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        process.communicate()
        [run] = scrapy.runs()
        assert not (run / "run.json").exists()
        ended = scrapy("verify", "output/dipnote")
        assert ended.returncode == 0, ended.stdout
        assert "note: run-open: " in ended.stdout
        site.wait = 0
        assert scrapy.crawl(site.url).returncode == 0
    ended = scrapy("verify", "output/dipnote", "--deep")
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.startswith("output/dipnote: verified; 2 runs, 2 WARC files, ")


def test_a_success_is_told_in_json(clean, tmp_path):
    ended = Typed(tmp_path)("verify", str(clean), "--json")
    [summary] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0
    assert (summary["path"], summary["kind"], summary["exit_code"]) == (str(clean), "collection", 0)
    assert (summary["errors"], summary["notes"]) == (0, 0)
