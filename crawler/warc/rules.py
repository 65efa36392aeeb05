"""What a WARC file is checked for: the code of each rule, what it means, how grave it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from crawler.warc.finding import Severity


class Rule(NamedTuple):
    """One rule of ``docs/verify.md``."""

    own: Severity
    """How grave it is in a file that this software wrote."""
    other: Severity | None
    """How grave it is in other files; None where they are not asked."""
    meaning: str
    """What is wrong where it is found."""
    source: str
    """Where it is laid down: a section of WARC 1.1, an RFC, or ``ours``: what our writer promises."""
    once: bool = False
    """As a note it is told of the first place, then counted: a writer who does it does it everywhere."""


RULES: dict[str, Rule] = {
    # The file
    "unreadable": Rule(
        "error", "error", "The medium, or the ZIP archive around the file, gives no more.", "none"
    ),
    "empty": Rule("error", "error", "There is no record in the file.", "4"),
    "compression": Rule(
        "error",
        "note",
        "The name of the file says gzip and its bytes do not, or the other way round.",
        "annex A",
    ),
    "between-records": Rule(
        "error", "error", "Bytes before, between or behind the records that belong to none.", "4"
    ),
    "cut": Rule("error", "error", "The file ends within a record.", "4"),
    # gzip
    "gzip-header": Rule("error", "error", "The header of a gzip member is not one.", "RFC 1952, 2.3"),
    "gzip-header-differs": Rule(
        "error", "note", "The header of a gzip member is not like that of the first.", "ours", once=True
    ),
    "deflate": Rule("error", "error", "A gzip member cannot be inflated.", "RFC 1951"),
    "gzip-crc": Rule("error", "error", "A gzip member is not what its CRC-32 says.", "RFC 1952, 2.3.1"),
    "gzip-length": Rule("error", "error", "A gzip member is not as long as it says.", "RFC 1952, 2.3.1"),
    "shared-member": Rule(
        "error",
        "error",
        "A gzip member holds several records, in a file where each should have its own.",
        "annex A",
    ),
    "whole-file-member": Rule(
        "error",
        "note",
        "Many records lie in one gzip member: none can be read without those before it.",
        "annex A",
        once=True,
    ),
    # The header of a record
    "version": Rule("error", "error", "A record does not begin with a version line that is known.", "4"),
    "version-mixed": Rule("error", "note", "Not all records have the same version.", "4", once=True),
    "header": Rule("error", "error", "The header of a record has no end.", "4"),
    "line-end": Rule("error", "error", "A line of a header does not end with CR LF.", "4"),
    "control-character": Rule("error", "error", "A control character in a header.", "4"),
    "field-line": Rule("error", "error", "A line of a header is no named field.", "4"),
    "field-encoding": Rule("error", "error", "A header is not UTF-8.", "4"),
    "folded-field": Rule(
        "error",
        "note",
        "A field that is continued on a second line: allowed, and many readers err.",
        "4",
        once=True,
    ),
    "field-missing": Rule("error", "error", "A field that every record of this type has is missing.", "5, 6"),
    "field-repeated": Rule("error", "error", "A field that may stand once stands twice.", "5.1"),
    "field-forbidden": Rule(
        "error", "note", "A field that records of this type shall not have.", "5", once=True
    ),
    "field-value": Rule("error", "error", "The value of a field is not of its form.", "5"),
    "field-unknown": Rule(
        "error", "note", "A WARC- field that no standard names; perhaps misspelt.", "5.1", once=True
    ),
    "own-field-missing": Rule("error", None, "A field is missing that our writer always writes.", "ours"),
    "type-unknown": Rule("error", "note", "A record of a type that readers pass over.", "5.5", once=True),
    "target-uri-brackets": Rule(
        "error",
        "note",
        "URIs in angle brackets, as WARC 1.0 may be read; some tools keep the brackets.",
        "WARC 1.0, 4",
        once=True,
    ),
    "truncated-reason": Rule(
        "error", "note", "A reason for truncation that the standard does not name.", "5.15", once=True
    ),
    "profile-unknown": Rule(
        "error", "note", "A revisit of a kind that readers cannot interpret.", "5.18", once=True
    ),
    # The block
    "block-short": Rule("error", "error", "The block is shorter than Content-Length says.", "5.3"),
    "record-end": Rule(
        "error", "error", "A record does not end with two CR LF where its Content-Length says.", "4"
    ),
    "block-digest": Rule("error", "error", "The block is not what its digest says.", "5.8"),
    "payload-digest": Rule("error", "error", "The payload is not what its digest says.", "5.9"),
    "payload-digest-of-chunks": Rule(
        "error",
        "note",
        "The payload digest covers chunk sizes, too; it should be of the entity body alone.",
        "6.3.2",
        once=True,
    ),
    "payload-digest-misplaced": Rule(
        "error", "note", "A payload digest where there is no payload.", "5.9", once=True
    ),
    "digest-unknown": Rule(
        "error", "note", "A digest of an algorithm that cannot be computed here.", "5.8", once=True
    ),
    "undigested": Rule(
        "error", "note", "Records without block digest: nothing proves their bytes.", "5.8", once=True
    ),
    "content-type": Rule(
        "error", "note", "The Content-Type of a record does not suit its type and block.", "5.6, 6", once=True
    ),
    "warc-fields": Rule("error", "note", "A block of named fields that is none.", "8.3", once=True),
    # HTTP
    "http-head": Rule(
        "note", "note", "The head of an HTTP message is not one, as the host sent it.", "RFC 9112"
    ),
    "http-chunks": Rule(
        "note",
        "note",
        "A body that its head says is chunked, and is not, or badly.",
        "RFC 9112, 7.1",
        once=True,
    ),
    "http-cut": Rule(
        "error",
        "error",
        "An HTTP message is shorter than it says, and the record is not marked as truncated.",
        "6.3.2",
    ),
    "http-no-body": Rule(
        "error",
        "note",
        "An answer without the body that it announces; no request tells if it was a HEAD.",
        "6.3.2",
    ),
    "http-surplus": Rule("note", "note", "Bytes behind the end of an HTTP message.", "RFC 9112, 6"),
    "request-head": Rule("error", "note", "A request that is none.", "RFC 9112, 3", once=True),
    "request-target": Rule(
        "error", "error", "A request asks for something else than the WARC-Target-URI.", "6.5.2"
    ),
    # Records and each other
    "record-id-twice": Rule("error", "error", "Two records have the same WARC-Record-ID.", "5.2"),
    "concurrent-missing": Rule(
        "error", "error", "WARC-Concurrent-To names a record that is not in the file.", "5.7"
    ),
    "concurrent-one-way": Rule(
        "error", None, "A record does not name one that names it in WARC-Concurrent-To.", "ours"
    ),
    "concurrent-date": Rule(
        "error", "note", "Records of one capture have different dates.", "5.4", once=True
    ),
    "concurrent-target": Rule(
        "error", "note", "Records of one capture have different target URIs.", "5.7", once=True
    ),
    "exchange-order": Rule(
        "error", None, "A record does not stand behind the others of its capture.", "ours"
    ),
    "warcinfo-missing": Rule("error", "note", "No warcinfo record says who made the file, and how.", "5.5"),
    "warcinfo-first": Rule("error", "note", "The warcinfo record is not the first.", "6.2"),
    "warcinfo-twice": Rule("error", "note", "A second warcinfo record: files were joined.", "6.2"),
    "warcinfo-unknown": Rule(
        "error", "error", "WARC-Warcinfo-ID names no warcinfo record of the file.", "5.16"
    ),
    "warcinfo-unnamed": Rule(
        "error",
        "note",
        "A record without WARC-Warcinfo-ID, in a file where others have it.",
        "5.16",
        once=True,
    ),
    "warcinfo-filename": Rule("note", "note", "WARC-Filename is not the name of the file.", "5.17"),
    "revisit-truncated": Rule(
        "error",
        "note",
        "A revisit leaves out a body and does not say WARC-Truncated: length.",
        "6.7.2",
        once=True,
    ),
    "revisit-unreferred": Rule("error", "note", "A revisit does not say which record it repeats.", "6.7.2"),
    "revisit-original": Rule("error", "error", "The record that a revisit repeats is missing.", "6.7.2"),
    "revisit-elsewhere": Rule(
        "note",
        "note",
        "The record that a revisit repeats is in another file, which was not asked for.",
        "6.7.2",
        once=True,
    ),
    "revisit-differs": Rule(
        "error", "error", "The record that a revisit repeats is not what the revisit says of it.", "6.7.2"
    ),
}
"""By code, in the order of the page."""
