from __future__ import annotations

import gzip
import resource

import pytest

MEMBERS = [gzip.compress(b"WARC/1.1\r\nContent-Length: 1\r\n\r\n%d\r\n\r\n" % number) for number in range(5)]
WHOLE = b"".join(MEMBERS)


def test_a_torn_file_is_repaired_and_what_was_done_is_told(scrapy):
    path = scrapy.folder / "a.warc.gz"
    path.write_bytes(WHOLE[:-20])
    ended = scrapy("verify", "--repair", "a.warc.gz")
    kept, cut = len(WHOLE) - len(MEMBERS[4]), len(MEMBERS[4]) - 20
    told = f"a.warc.gz: repaired; 4 records, {kept} bytes kept, {cut} bytes cut, now in a.warc.gz.torn\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert path.read_bytes() == WHOLE[:kept]
    assert (scrapy.folder / "a.warc.gz.torn").read_bytes() == WHOLE[kept:-20]


def test_a_whole_file_is_told_to_be_whole(scrapy):
    (scrapy.folder / "a.warc.gz").write_bytes(WHOLE)
    ended = scrapy("verify", "--repair", "a.warc.gz")
    told = f"a.warc.gz: whole already; 5 records, {len(WHOLE)} bytes kept, 0 bytes cut\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told, "")
    assert [path.name for path in scrapy.folder.iterdir()] == ["a.warc.gz"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "no option given: expected --repair FILE"),
        (["a.warc.gz"], 2, "a.warc.gz: expected --repair FILE"),
        (["--repair", "missing.warc.gz"], 2, "missing.warc.gz: there is no such file"),
        (["--repair", "."], 2, ".: is no file"),
        (["--repair", "empty"], 2, "empty: the file is empty"),
        (["--repair", "text"], 2, "text: found b'no archive'"),
        (["--repair", "damaged"], 9, f"damaged, byte {len(MEMBERS[0])}: "),
    ],
)
def test_what_cannot_be_repaired_is_told_in_one_sentence(scrapy, words, code, sentence):
    octets = {"empty": b"", "text": b"no archive", "damaged": MEMBERS[0] + MEMBERS[1][:-9] + MEMBERS[2]}
    for name, content in octets.items():
        (scrapy.folder / name).write_bytes(content)
    ended = scrapy("verify", *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"scrapy verify: {sentence}")
    assert {path.name: path.read_bytes() for path in scrapy.folder.iterdir()} == octets


def test_a_full_disk_is_told_and_nothing_is_changed(scrapy):
    path = scrapy.folder / "a.warc.gz"
    torn = WHOLE + bytes(30_000)
    path.write_bytes(torn)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    ended = scrapy("verify", "--repair", "a.warc.gz", limit=small_files)
    assert ended.returncode == 3
    assert ended.stderr == "scrapy verify: a.warc.gz: cannot be written (File too large)\n"
    assert {path.name: path.read_bytes() for path in scrapy.folder.iterdir()} == {"a.warc.gz": torn}
