"""Which attributes of which elements of HTML hold the address of a requisite."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.pages.marks import bearers
from crawler.pages.requisite import RequisiteKind
from crawler.pages.styles import references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml.html import HtmlElement

    from crawler.pages.styles import Reference

_IMAGE, _ICON, _AUDIO, _VIDEO = (
    RequisiteKind.IMAGE,
    RequisiteKind.ICON,
    RequisiteKind.AUDIO,
    RequisiteKind.VIDEO,
)

# Where scripts that load pictures late keep their addresses: lazysizes, Lazy Load, Jetpack, WP Rocket.
_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-lazy",
    "data-original",
    "data-orig-src",
    "data-hi-res-src",
    "data-orig-file",
    "data-large-file",
    "data-full-url",
)
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set")
_BACKGROUNDS = ("background", "data-bg", "data-background", "data-background-image", "data-bg-url")
_HREFS = ("href", "xlink:href")

_LINKS = {
    "stylesheet": RequisiteKind.STYLE,
    "icon": _ICON,
    "apple-touch-icon": _ICON,
    "apple-touch-icon-precomposed": _ICON,
    "apple-touch-startup-image": _ICON,
    "mask-icon": _ICON,
    "fluid-icon": _ICON,
    "image_src": _IMAGE,
    "manifest": RequisiteKind.DOCUMENT,
    "modulepreload": RequisiteKind.SCRIPT,
}
_PRELOADED = {
    "style": RequisiteKind.STYLE,
    "script": RequisiteKind.SCRIPT,
    "font": RequisiteKind.FONT,
    "image": _IMAGE,
    "audio": _AUDIO,
    "video": _VIDEO,
    "track": _VIDEO,
}
_METAS = {
    "og:image": _IMAGE,
    "og:image:url": _IMAGE,
    "og:image:secure_url": _IMAGE,
    "twitter:image": _IMAGE,
    "twitter:image:src": _IMAGE,
    "msapplication-tileimage": _ICON,
}
_ENDINGS_OF_KINDS = {
    _IMAGE: "apng avif bmp gif ico jfif jpe jpeg jpg png svg tif tiff webp",
    _AUDIO: "aac aif aiff au flac m4a mid midi mp3 oga ogg opus ra wav wma",
    _VIDEO: "3gp asf avi flv m4v mkv mov mp4 mpeg mpg ogv qt rm vtt webm wmv",
    RequisiteKind.DOCUMENT: (
        "7z bz2 csv doc docm docx epub gz ics key kml kmz mobi numbers odp ods odt pages pdf pot potx "
        "pps ppsx ppt pptx ps rtf swf tar tgz tsv txt vcf xls xlsb xlsm xlsx zip"
    ),
}
_ENDINGS = {ending: kind for kind, endings in _ENDINGS_OF_KINDS.items() for ending in endings.split()}

_CANDIDATE = re.compile(r"[\s,]*([^\s,]\S*)")
_DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*\)?)*")

_DECORATED = bearers(
    "descendant-or-self::*/@style[contains(.,'(')] | "
    + " | ".join(f"descendant-or-self::*/@{name}" for name in _BACKGROUNDS)
)


def needed(root: HtmlElement) -> Iterator[Reference]:
    """What belongs to a page wherever it is, as written; in ``<noscript>`` too."""
    for element in root.iter(*_NEEDED):
        yield from _NEEDED[element.tag](element)
    for element in _DECORATED(root):
        yield from references(element.get("style", ""))
        yield from _values(element, _BACKGROUNDS, _IMAGE)


def needed_of_the_same_site(root: HtmlElement) -> Iterator[Reference]:
    """What belongs to a page only where both are on one site, as written: frames, and what is linked."""
    for element in root.iter(*_OF_THE_SAME_SITE):
        yield from _OF_THE_SAME_SITE[element.tag](element)


def candidates(srcset: str) -> Iterator[str]:
    """The addresses in a ``srcset``, which may hold commas themselves (HTML, 4.8.4.2.2)."""
    place = 0
    while (match := _CANDIDATE.match(srcset, place)) is not None:
        url, place = match[1], match.end()
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            descriptors = _DESCRIPTORS.match(srcset, place)
            place = descriptors.end() if descriptors else len(srcset)
        yield url


def ending_of(url: str) -> str:
    """The letters behind the last dot of a path, lower case; empty where there are none."""
    name = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def _values(element: HtmlElement, attributes: Iterable[str], kind: RequisiteKind) -> Iterator[Reference]:
    for attribute in attributes:
        value = element.get(attribute)
        # An address within the page is no other file.
        if value and not value.lstrip().startswith("#"):
            yield kind, value


def _sets(element: HtmlElement, attributes: Iterable[str], kind: RequisiteKind) -> Iterator[Reference]:
    for attribute in attributes:
        for url in candidates(element.get(attribute) or ""):
            yield kind, url


# --- What belongs to a page wherever it is ---


def _of_style(element: HtmlElement) -> Iterator[Reference]:
    yield from references("".join(element.itertext()))


def _of_picture(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, ("src", *_LAZY, "lowsrc", "dynsrc"), _IMAGE)
    yield from _sets(element, ("srcset", *_LAZY_SETS), _IMAGE)


def _of_input(element: HtmlElement) -> Iterator[Reference]:
    if element.get("type", "").strip().lower() == "image":
        yield from _of_picture(element)


def _of_svg_picture(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, (*_HREFS, "src"), _IMAGE)


def _of_source(element: HtmlElement) -> Iterator[Reference]:
    around = element.getparent()
    media = {"audio": _AUDIO, "video": _VIDEO}.get(around.tag if around is not None else "")
    if media is None:
        yield from _of_picture(element)
    else:
        yield from _values(element, ("src", "data-src"), media)


def _of_audio(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, ("src", "data-src"), _AUDIO)


def _of_video(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, ("src", "data-src"), _VIDEO)
    yield from _values(element, ("poster", "data-poster"), _IMAGE)


def _of_script(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, ("src", "data-src"), RequisiteKind.SCRIPT)


def _of_link(element: HtmlElement) -> Iterator[Reference]:
    """What ``<link>`` fetches (HTML, 4.6.7)."""
    words = element.get("rel", "").lower().split()
    kind = next((_LINKS[word] for word in words if word in _LINKS), None)
    if kind is None and "preload" in words:
        kind = _PRELOADED.get(element.get("as", "").strip().lower())
    if kind is not None:
        yield from _values(element, ("href",), kind)
        yield from _sets(element, ("imagesrcset",), kind)


def _of_meta(element: HtmlElement) -> Iterator[Reference]:
    name = (element.get("property") or element.get("name") or "").strip().lower()
    if name in _METAS:
        yield from _values(element, ("content",), _METAS[name])


_NEEDED: dict[str, Callable[[HtmlElement], Iterator[Reference]]] = {
    "style": _of_style,
    "link": _of_link,
    "meta": _of_meta,
    "script": _of_script,
    "img": _of_picture,
    "source": _of_source,
    "input": _of_input,
    "image": _of_svg_picture,
    "feimage": _of_svg_picture,
    "use": _of_svg_picture,
    "audio": _of_audio,
    "bgsound": _of_audio,
    "video": _of_video,
    "track": _of_video,
}


# --- What belongs to it on the same site ---


def _of_frame(element: HtmlElement) -> Iterator[Reference]:
    yield from _values(element, ("src", "data-src", "data-lazy-src"), RequisiteKind.FRAME)


def _of_object(element: HtmlElement) -> Iterator[Reference]:
    for kind, href in _values(element, ("data", "src"), RequisiteKind.FRAME):
        yield _ENDINGS.get(ending_of(href.strip()), kind), href


def _of_anchor(element: HtmlElement) -> Iterator[Reference]:
    href = element.get("href", "")
    if (kind := _ENDINGS.get(ending_of(href.strip()))) is not None:
        yield kind, href


_OF_THE_SAME_SITE: dict[str, Callable[[HtmlElement], Iterator[Reference]]] = {
    "iframe": _of_frame,
    "frame": _of_frame,
    "object": _of_object,
    "embed": _of_object,
    "a": _of_anchor,
    "area": _of_anchor,
}
