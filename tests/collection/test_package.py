from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.collection import packaged_index
from crawler.collection.closed import NoSuchRun
from crawler.collection.package import package_wacz
from crawler.collection.packaged_index import BadIndex
from crawler.collection.recovery import EditedRun
from crawler.items import Skipped
from crawler.warc.reader import ArchivedResponse, read_records
from tests.collection.made import FRONT, ROBOTS, SITE, Made, Page, comments, html, pages_of, post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, SECOND, THIRD = "20261123T154300Z", "20261124T154300Z", "20261125T154300Z"
CREATED = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def made(tmp_path) -> Made:
    """Two runs: two posts, the one with comments on two pages; then a new post."""
    collection = Made(tmp_path / "lamps")
    one = post("/one", "One", "Of lamps.", byline="Posted by Ada")
    one.rows += comments("/one", "/one", "First remark.", "Second remark.").rows
    more = comments("/one", "/one?page=1", "Third remark.", page=1)
    collection.run(FIRST, ROBOTS, FRONT, one, more, Page("/gone", b"", status=404), post("/two", "Two"))
    collection.run(SECOND, ROBOTS, Page("/", html("The Lamp Room, again")), post("/three", None))
    return collection


def package(made: Made, name: str = "x.wacz", **more: Any) -> zipfile.ZipFile:
    package_wacz(made.path, made.path.parent / name, created=CREATED, **more)
    return zipfile.ZipFile(made.path.parent / name)


def manifest(wacz: zipfile.ZipFile) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(wacz.read("datapackage.json"))
    return told


def index(wacz: zipfile.ZipFile) -> list[tuple[str, str, dict[str, str]]]:
    lines = wacz.read("indexes/index.cdx").decode().splitlines()
    return [(*line.split(" ", 2)[:2], json.loads(line.split(" ", 2)[2])) for line in lines]


def record_at(wacz: zipfile.ZipFile, place: dict[str, str]) -> Any:
    """What stands at a place of the index, as warcio reads it."""
    octets = wacz.read(f"archive/{place['filename']}")
    begin, length = int(place["offset"]), int(place["length"])
    return next(iter(ArchiveIterator(io.BytesIO(octets[begin : begin + length]), no_record_parse=True)))


# --- What is in it ---


def test_every_file_of_every_run_is_in_it_byte_for_byte(made):
    wacz = package(made)
    for folder in (made.path / FIRST, made.path / SECOND):
        for path in folder.iterdir():
            name = f"archive/{path.name}" if path.suffix == ".gz" else f"data/{folder.name}-{path.name}"
            assert wacz.read(name) == path.read_bytes()


def test_its_manifest_lists_every_file_with_size_and_digest_and_has_its_own(made):
    wacz = package(made)
    told = manifest(wacz)
    assert (told["profile"], told["wacz_version"]) == ("data-package", "1.1.1")
    listed = {resource["path"]: resource for resource in told["resources"]}
    assert {*listed, "datapackage.json", "datapackage-digest.json"} == set(wacz.namelist())
    for path, resource in listed.items():
        assert resource["hash"] == "sha256:" + hashlib.sha256(wacz.read(path)).hexdigest()
        assert resource["bytes"] == wacz.getinfo(path).file_size
    digest = hashlib.sha256(wacz.read("datapackage.json")).hexdigest()
    assert json.loads(wacz.read("datapackage-digest.json")) == {
        "path": "datapackage.json",
        "hash": f"sha256:{digest}",
    }


def test_our_own_files_are_listed_as_files_which_a_validator_does_not_read_as_tables(made):
    for resource in manifest(package(made))["resources"]:
        assert (resource.get("type") == "file") == resource["path"].startswith("data/")


def test_names_of_resources_are_unique_and_of_the_characters_that_a_data_package_allows(tmp_path):
    made = Made(tmp_path / "Lamps & Co")
    made.run(FIRST, FRONT)
    made.run(SECOND, FRONT)
    names = [resource["name"] for resource in manifest(package(made))["resources"]]
    assert len(names) == len(set(names))
    assert not set("".join(names)) - set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
    assert f"lamps-co-{FIRST.lower()}-00000.warc.gz" in names


def test_warc_files_are_stored_so_that_a_reader_can_begin_anywhere(made):
    stored = {info.filename: info.compress_type for info in package(made).infolist()}
    assert {stored[name] for name in stored if name.startswith("archive/")} == {zipfile.ZIP_STORED}
    assert stored[f"data/{FIRST}-posts.jsonl"] == zipfile.ZIP_DEFLATED


def test_a_browser_finds_where_the_bytes_of_every_file_begin(made):
    wacz = package(made)
    archive = (made.path.parent / "x.wacz").read_bytes()
    for info in wacz.infolist():
        fields = int.from_bytes(archive[info.header_offset + 28 : info.header_offset + 30], "little")
        # ReplayWeb.page takes them for none where the directory at the end names none.
        assert info.extra or not fields


def test_every_line_of_its_sorted_index_leads_to_its_record(made):
    wacz = package(made)
    assert wacz.read("indexes/index.cdx") == (made.path / "index.cdxj").read_bytes()
    assert len(index(wacz)) == 9
    for _, timestamp, place in index(wacz):
        header = record_at(wacz, place).rec_headers
        assert header["WARC-Target-URI"] == place["url"]
        assert "".join(filter(str.isdigit, header["WARC-Date"]))[:14] == timestamp
        assert header["WARC-Payload-Digest"] == place["digest"]


def test_a_large_index_is_compressed_in_blocks_that_are_found_by_their_first_line(made, monkeypatch):
    monkeypatch.setattr(packaged_index, "PLAIN_LINES", 4)
    monkeypatch.setattr(packaged_index, "BLOCK_LINES", 4)
    wacz = package(made)
    assert wacz.getinfo("indexes/index.cdx.gz").compress_type == zipfile.ZIP_STORED
    compressed = wacz.read("indexes/index.cdx.gz")
    lines = (made.path / "index.cdxj").read_bytes()
    assert gzip.decompress(compressed) == lines
    head, *blocks = wacz.read("indexes/index.idx").decode().splitlines()
    assert head == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    assert len(blocks) == 3
    for number, block in enumerate(blocks):
        prefix, _, place = block.partition(" {")
        told = json.loads("{" + place)
        member = compressed[told["offset"] : told["offset"] + told["length"]]
        assert told["digest"] == f"sha256:{hashlib.sha256(member).hexdigest()}"
        assert gzip.decompress(member).splitlines() == lines.splitlines()[4 * number : 4 * number + 4]
        assert gzip.decompress(member).decode().startswith(prefix + " {")


def test_an_index_just_small_enough_stays_plain(made, monkeypatch):
    monkeypatch.setattr(packaged_index, "PLAIN_LINES", 9)
    assert "indexes/index.cdx" in package(made).namelist()


def test_our_own_reader_reads_it_as_it_reads_the_collection(made):
    package(made)
    warcs = sorted(made.path.glob("*/*.warc.gz"))
    assert list(read_records(made.path.parent / "x.wacz")) == list(read_records(*warcs))


# --- Pages ---


def test_its_pages_are_the_front_page_then_posts_then_further_pages_of_comments(made):
    head, *pages = pages_of(package(made).read("pages/pages.jsonl"))
    assert head == {"format": "json-pages-1.0", "id": "pages", "title": "lamps", "hasText": True}
    assert [(page["url"].removeprefix(SITE), page["title"]) for page in pages] == [
        ("/", "The Lamp Room, again"),
        ("/one", "One"),
        ("/two", "Two"),
        ("/three", f"{SITE}/three"),
        ("/one?page=1", "One (comments, page 2)"),
    ]
    assert pages[1]["text"] == "Posted by Ada\nOf lamps.\n\nEric\nFirst remark.\n\nEric\nSecond remark."
    assert pages[4]["text"] == "Eric\nThird remark."
    assert len({page["id"] for page in pages}) == len(pages)


def test_every_page_is_a_record_that_the_index_knows_at_that_second(made):
    wacz = package(made)
    places = {(place["url"], timestamp): place for _, timestamp, place in index(wacz)}
    for page in pages_of(wacz.read("pages/pages.jsonl"))[1:]:
        place = places[page["url"], "".join(filter(str.isdigit, page["ts"]))[:14]]
        assert record_at(wacz, place).rec_headers["WARC-Date"] == page["ts"]


def test_it_opens_at_the_newest_capture_of_the_page_that_the_crawl_began_with(made):
    told = manifest(package(made))
    assert told["mainPageUrl"] == told["mainPageURL"] == f"{SITE}/"
    assert told["mainPageDate"] == made.locations[SECOND, "/"].date


def test_a_run_that_went_on_with_a_crawl_opens_where_the_crawl_began_if_it_captured_that(made):
    made.run(THIRD, ROBOTS, post("/four", "Four"), FRONT, continues=FIRST)
    assert manifest(package(made, run=THIRD))["mainPageDate"] == made.locations[THIRD, "/"].date


def test_a_run_that_did_not_capture_the_front_page_opens_at_its_first_post(made):
    made.run(THIRD, ROBOTS, post("/four", "Four"), post("/five", "Five"), continues=FIRST)
    wacz = package(made, run=THIRD)
    assert manifest(wacz)["mainPageUrl"] == f"{SITE}/four"
    assert [page["title"] for page in pages_of(wacz.read("pages/pages.jsonl"))[1:]] == ["Four", "Five"]


def test_a_run_without_pages_has_an_empty_list(tmp_path):
    made = Made(tmp_path / "lamps")
    made.run(FIRST, ROBOTS)
    wacz = package(made)
    assert len(pages_of(wacz.read("pages/pages.jsonl"))) == 1
    assert "mainPageUrl" not in manifest(wacz)


def test_of_a_post_that_changed_the_newest_version_is_listed(made):
    made.run(THIRD, ROBOTS, FRONT, post("/one", "One, corrected", version=2))
    [page] = [
        page for page in pages_of(package(made).read("pages/pages.jsonl")) if page.get("url") == f"{SITE}/one"
    ]
    assert (page["title"], page["ts"]) == ("One, corrected", made.locations[THIRD, "/one"].date)
    assert "First remark." in page["text"]


def test_what_the_site_states_no_more_is_listed_and_what_was_erased_is_not(made):
    made.run(
        THIRD,
        post("/one", None, "", version=2, state="gone"),
        post("/two", None, "", version=2, state="erased"),
    )
    urls = [page.get("url") for page in pages_of(package(made).read("pages/pages.jsonl"))]
    assert f"{SITE}/one" in urls
    assert f"{SITE}/two" not in urls


def test_a_post_that_is_the_front_page_stands_there_once(tmp_path):
    made = Made(tmp_path / "lamps")
    made.run(FIRST, ROBOTS, post("/", "The only one"), post("/two", "Two"))
    pages = pages_of(package(made).read("pages/pages.jsonl"))[1:]
    assert [page["title"] for page in pages] == ["The only one", "Two"]


# --- What it says of itself ---


def test_it_says_who_made_it_of_what_and_what_may_be_done_with_it(tmp_path):
    made = Made(tmp_path / "lamps")
    about = {
        "curator": "Ada",
        "institution": "Lamp Museum",
        "description": "Blogs *of* lamps.",
        "rights": "CC0",
    }
    made.run(FIRST, FRONT, about={**about, "curator": "Eve"})
    made.run(SECOND, FRONT, about=about | {"rights": None})
    told = manifest(package(made))
    assert told["title"] == told["metadata"]["title"] == "lamps"
    assert told["description"] == "Blogs *of* lamps."
    assert told["contributors"] == [
        {"title": "Ada", "role": "maintainer", "organization": "Lamp Museum"},
        {"title": "Lamp Museum", "role": "publisher"},
    ]
    assert told["rights"] == "CC0"
    assert told["created"] == told["modified"] == "2027-01-01T00:00:00Z"
    assert told["software"].startswith("blogarchive ")


def test_what_nobody_said_is_not_made_up(made):
    told = manifest(package(made))
    assert not {"contributors", "rights"} & set(told)
    assert told["description"] == "Web pages of lamps, captured from 2026-11-23 to 2026-11-24."


def test_the_same_runs_give_the_same_bytes_whenever_they_are_packaged(made):
    package(made, "a.wacz")
    package(made, "b.wacz")
    a, b = ((made.path.parent / name).read_bytes() for name in ("a.wacz", "b.wacz"))
    assert a == b
    package_wacz(made.path, made.path.parent / "c.wacz")
    c = zipfile.ZipFile(made.path.parent / "c.wacz")
    for info in zipfile.ZipFile(made.path.parent / "a.wacz").infolist():
        if info.filename not in {"datapackage.json", "datapackage-digest.json"}:
            assert c.getinfo(info.filename).CRC == info.CRC
        assert c.getinfo(info.filename).date_time == info.date_time


# --- One run that stands alone ---


@pytest.fixture
def revisited(made: Made) -> Made:
    """A third run that finds a post and the front page as they were in the first and second."""
    same = post("/one", "One", "Of lamps.")
    same.rows.clear()
    same.revisit_of = made.locations[FIRST, "/one"]
    front = Page("/", html("The Lamp Room, again"), revisit_of=made.locations[SECOND, "/"])
    robots = Page("/robots.txt", ROBOTS.body, revisit_of=made.locations[FIRST, "/robots.txt"])
    made.run(THIRD, robots, front, same, post("/four", "Four"))
    return made


def test_what_its_revisits_refer_to_in_other_runs_comes_along_with_request_and_warcinfo(revisited):
    wacz = package(revisited, run=THIRD)
    source = revisited.path / FIRST / f"lamps-{FIRST}-00000.warc.gz"
    name = f"archive/lamps-{FIRST}-00000-originals.warc.gz"
    records = list(ArchiveIterator(io.BytesIO(wacz.read(name)), no_record_parse=True))
    told = [(record.rec_type, record.rec_headers["WARC-Target-URI"]) for record in records]
    assert told == [
        ("warcinfo", None),
        ("request", f"{SITE}/robots.txt"),
        ("response", f"{SITE}/robots.txt"),
        ("request", f"{SITE}/one"),
        ("response", f"{SITE}/one"),
    ]
    assert wacz.getinfo(name).compress_type == zipfile.ZIP_STORED
    begin = revisited.locations[FIRST, "/one"].offset
    member = source.read_bytes()[begin : begin + revisited.locations[FIRST, "/one"].length]
    assert wacz.read(name).endswith(member)


def test_a_package_of_one_run_has_its_lines_and_theirs_and_every_revisit_resolves_in_it(revisited):
    wacz = package(revisited, run=THIRD)
    lines = wacz.read("indexes/index.cdx").splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 4 + 3
    there = {}
    for _, timestamp, place in index(wacz):
        header = record_at(wacz, place).rec_headers
        assert header["WARC-Target-URI"] == place["url"]
        there[header["WARC-Record-ID"]] = place["url"], timestamp
    for _, _, place in index(wacz):
        if place["mime"] == "warc/revisit":
            header = record_at(wacz, place).rec_headers
            moment = "".join(filter(str.isdigit, header["WARC-Refers-To-Date"]))[:14]
            assert there[header["WARC-Refers-To"]] == (header["WARC-Refers-To-Target-URI"], moment)


def test_a_reader_of_one_run_alone_gets_the_bodies_of_its_revisits(revisited):
    package(revisited, run=THIRD)
    bodies = {
        record.location.target_uri: record.body
        for record in read_records(revisited.path.parent / "x.wacz")
        if isinstance(record, ArchivedResponse) and record.kind == "revisit"
    }
    assert bodies == {
        f"{SITE}/robots.txt": ROBOTS.body,
        f"{SITE}/": html("The Lamp Room, again"),
        f"{SITE}/one": html("One", "Of lamps."),
    }


def test_a_package_of_one_run_lists_its_pages_and_names_the_front_page_by_its_original(revisited):
    wacz = package(revisited, run=THIRD)
    pages = pages_of(wacz.read("pages/pages.jsonl"))
    assert pages[0]["title"] == manifest(wacz)["title"] == f"lamps, run {THIRD}"
    assert [(page["title"], page["ts"]) for page in pages[1:]] == [
        ("The Lamp Room, again", revisited.locations[THIRD, "/"].date),
        ("One", revisited.locations[THIRD, "/one"].date),
        ("Four", revisited.locations[THIRD, "/four"].date),
    ]
    assert "First remark." in pages[2]["text"]


def test_a_page_that_a_run_could_not_read_is_not_listed_as_what_it_was_before(made):
    unread = [Page(path, html("Out of order")) for path in ("/one", "/two")]
    skipped = [
        Skipped(url=f"{SITE}/one", reason="unknown-layout"),
        Skipped(url=f"{SITE}/two", reason="dropped-row"),
    ]
    made.run_of(THIRD, [ROBOTS, FRONT, *unread], skipped=skipped)
    pages = pages_of(package(made, run=THIRD).read("pages/pages.jsonl"))
    assert [page["url"] for page in pages[1:]] == [f"{SITE}/", f"{SITE}/two"]


def test_rows_of_later_runs_say_nothing_of_an_earlier_one(made):
    made.run(THIRD, FRONT, post("/one", "One, corrected", version=2))
    titles = [page["title"] for page in pages_of(package(made, run=FIRST).read("pages/pages.jsonl"))]
    assert "One" in titles
    assert "One, corrected" not in titles


def test_a_revisit_within_one_run_brings_nothing_along(made):
    folder = made.run(THIRD, FRONT)
    assert folder.is_dir()
    names = package(made, run=THIRD).namelist()
    assert [name for name in names if name.startswith("archive/")] == [f"archive/lamps-{THIRD}-00000.warc.gz"]


def test_a_revisit_of_a_record_that_is_nowhere_is_told(revisited):
    lines = (revisited.path / "index.cdxj").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'/one"' not in line or FIRST.encode() not in line]
    (revisited.path / "index.cdxj").write_bytes(b"".join(kept))
    with pytest.raises(
        EditedRun, match=rf"-00000.warc.gz, byte \d+: a revisit of urn:uuid:.* \({SITE}/one, "
    ):
        package(revisited, run=THIRD)


# --- What is not as it was left ---


def changed(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


WARC = f"lamps-{FIRST}-00000.warc.gz"

DAMAGE: dict[str, tuple[Callable[[Path], object], type[Exception], str]] = {
    "a WARC file that was changed": (
        lambda path: changed(path / FIRST / WARC),
        EditedRun,
        rf"{WARC}: its SHA-256 is \w+, expected \w+: it was changed by hand",
    ),
    "a WARC file that is missing": (
        lambda path: (path / FIRST / WARC).unlink(),
        EditedRun,
        rf"{WARC}: cannot be read \(No such file or directory\), expected a file of \d+ bytes",
    ),
    "a file of rows that was cut": (
        lambda path: (path / FIRST / "posts.jsonl").write_bytes(b""),
        EditedRun,
        r"posts.jsonl: has 0 bytes, expected \d+: it was changed by hand",
    ),
    "a file of rows that grew": (
        lambda path: (path / FIRST / "posts.jsonl").write_bytes(bytes(3_000_000)),
        EditedRun,
        r"posts.jsonl: has 3000000 bytes, expected \d+: it was changed by hand",
    ),
    "a manifest that was changed": (
        lambda path: (path / FIRST / "run.json").write_bytes((path / FIRST / "run.json").read_bytes() + b" "),
        EditedRun,
        rf"{FIRST}/run.json: its SHA-256 is \w+, expected \w+, as {SECOND} says: it was changed by hand",
    ),
    "a manifest that is none": (
        lambda path: (path / SECOND / "run.json").write_bytes(b"[]"),
        EditedRun,
        f"{SECOND}/run.json: cannot be read",
    ),
    "a manifest that names a file elsewhere": (
        lambda path: (path / SECOND / "run.json").write_text(
            json.dumps({"run_id": SECOND, "files": [{"name": "../lock", "size": 0, "sha256": ""}]})
        ),
        EditedRun,
        "the file '../lock' lies elsewhere",
    ),
    "an index that is missing": (
        lambda path: (path / "index.cdxj").unlink(),
        BadIndex,
        r"index.cdxj: cannot be read \(No such file or directory\), .*; scrapy verify --rebuild-journal",
    ),
    "an index with a line that is none": (
        lambda path: (path / "index.cdxj").write_bytes((path / "index.cdxj").read_bytes() + b"zz\n"),
        BadIndex,
        "index.cdxj, line 10: 'zz'",
    ),
    "an index whose last line was cut": (
        lambda path: (path / "index.cdxj").write_bytes((path / "index.cdxj").read_bytes()[:-1]),
        BadIndex,
        "index.cdxj, line 9: .* has no end, expected a line",
    ),
    "an index that is not sorted": (
        lambda path: (path / "index.cdxj").write_bytes(
            b"".join(sorted((path / "index.cdxj").read_bytes().splitlines(keepends=True), reverse=True))
        ),
        BadIndex,
        "index.cdxj, line 2: stands behind a line that sorts after it",
    ),
    "an index that names a file that is not there": (
        lambda path: (path / "index.cdxj").write_bytes(
            (path / "index.cdxj").read_bytes().replace(WARC.encode(), b"other.warc.gz")
        ),
        BadIndex,
        "index.cdxj, line 1: names other.warc.gz, which no run has",
    ),
    "an index that points behind the end of a file": (
        lambda path: (path / "index.cdxj").write_bytes(
            (path / "index.cdxj").read_bytes().replace(b'"offset": "', b'"offset": "99')
        ),
        BadIndex,
        rf"index.cdxj, line 1: names \d+ bytes at byte 99\d+ of {WARC}, which has \d+",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_not_as_it_was_left_is_named_and_gives_no_package(made, damage):
    inflict, error, words = DAMAGE[damage]
    inflict(made.path)
    with pytest.raises(error, match=words):
        package(made)
    assert [path.name for path in made.path.parent.iterdir()] == ["lamps"]


def test_a_run_that_was_taken_away_is_missed(made):
    made.run(THIRD, FRONT)
    folder = made.path / SECOND
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    with pytest.raises(EditedRun, match=f"{SECOND}: is missing, expected the run before {THIRD}"):
        package(made)


def test_damage_in_another_run_does_not_stand_in_the_way_of_one(made):
    changed(made.path / FIRST / WARC)
    assert "pages/pages.jsonl" in package(made, run=SECOND).namelist()


def test_damage_to_the_rows_that_tell_of_the_pages_of_a_run_is_named(made):
    changed(made.path / FIRST / "posts.jsonl")
    with pytest.raises(EditedRun, match=f"{FIRST}/posts.jsonl: its SHA-256 is"):
        package(made, run=SECOND)


# --- Runs that are not closed ---


def test_a_run_that_is_being_written_is_left_out_and_named(made):
    folder = made.path / THIRD
    folder.mkdir()
    (folder / f"lamps-{THIRD}-00000.warc.gz.open").write_bytes(b"")
    lines = (made.path / "index.cdxj").read_bytes()
    # At its end a run is in the index a moment before it is closed.
    more = lines.splitlines(keepends=True)[-1].replace(FIRST.encode(), THIRD.encode())
    (made.path / "index.cdxj").write_bytes(b"".join(sorted([*lines.splitlines(keepends=True), more])))
    done = package_wacz(made.path, made.path.parent / "x.wacz")
    assert (done.runs, done.still_open) == (2, (THIRD,))
    wacz = zipfile.ZipFile(done.path)
    assert THIRD not in " ".join(wacz.namelist())
    assert wacz.read("indexes/index.cdx") == lines


def test_a_run_that_is_not_closed_cannot_be_packaged(made):
    (made.path / THIRD).mkdir()
    with pytest.raises(
        NoSuchRun, match=f"lamps, run {THIRD}: is not closed, expected one of {FIRST}, {SECOND}"
    ):
        package(made, run=THIRD)
