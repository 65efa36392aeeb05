"""Whose comments and players stand in pages of others, and by which marks they are known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class EmbedKind(StrEnum):
    """What a page embeds, in the words of a sentence that says what is not captured."""

    COMMENTS = "comments"
    FORM = "a comment form"
    PLAYER = "a player"
    QUOTE = "a quoted post"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """How a system is known: any one mark is enough, be it an element, a source or a piece of code.

    ``thread`` tells what names the thread there, part by part; of each part
    the first that is found counts. ``@name`` is an attribute of a marking
    element, anything else a pattern whose group is looked for in the sources
    and the inline code of the page.
    """

    name: str
    kind: EmbedKind = EmbedKind.COMMENTS
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str | None = None
    """Pattern of the address of a script, frame or object, without its scheme."""
    code: str | None = None
    """Pattern in inline scripts."""
    thread: tuple[tuple[str, ...], ...] = ()


def _assigned(*names: str) -> tuple[str, ...]:
    """Patterns of ``name = "value"`` and ``name: "value"`` in a script, the first name first."""
    return tuple(
        rf"""(?<![\w$]){re.escape(name)}["']?\s*[=:]\s*(?:["']([^"'\n]{{1,500}})["']|(\d+)\b)"""
        for name in names
    )


COMMENTS = (
    System(
        name="disqus",
        ids=("disqus_thread",),
        source=r"[\w-]+\.disqus\.com/embed\.js",
        code=r"\.disqus\.com/embed\.js",
        thread=(
            (
                *_assigned("disqus_shortname", "disqusShortname"),
                r"(?:^|[/'\"])([\w-]{1,63})\.disqus\.com/(?:embed|count)\.js",
            ),
            _assigned(
                "disqus_identifier",
                "this.page.identifier",
                "disqusIdentifier",
                "disqus_url",
                "this.page.url",
                "disqusUrl",
            ),
        ),
    ),
    System(
        name="facebook",
        classes=("fb-comments",),
        tags=("fb:comments",),
        source=r"(?:[\w-]+\.)*facebook\.com/(?:v[\d.]+/)?plugins/(?:comments|feedback)\.php",
        thread=(
            (
                "@data-href",
                "@href",
                "@xid",
                r"plugins/(?:comments|feedback)\.php\?(?:[^#\n]{0,500}&)?href=([^&#]+)",
            ),
        ),
    ),
    System(
        name="intensedebate",
        source=r"(?:www\.|s\.)?intensedebate\.com/js/(?!.*LinkWrapper)",
        code=r"intensedebate\.com/js/(?:genericCommentWrapper|wordpressTemplateCommentWrapper)",
        thread=(_assigned("idcomments_acct"), _assigned("idcomments_post_id", "idcomments_post_url")),
    ),
    System(
        name="livefyre",
        ids=("livefyre-comments", "livefyre"),
        source=r"(?:[\w-]+\.)*livefyre\.com/",
        code=r"\bfyre\.conv\.load\b",
        thread=(_assigned("siteId", "site_id"), _assigned("articleId", "article_id")),
    ),
    System(
        name="commento",
        ids=("commento",),
        source=r"[^/]+/js/commento\.js",
        thread=(("@data-page-id",),),
    ),
    System(
        name="hyvor-talk",
        ids=("hyvor-talk-view",),
        tags=("hyvor-talk-comments",),
        source=r"talk\.hyvor\.com/(?:embed|web-api)",
        thread=(("@website-id", *_assigned("HYVOR_TALK_WEBSITE")), ("@page-id", *_assigned("id"))),
    ),
    System(
        name="giscus",
        classes=("giscus",),
        source=r"giscus\.app/client\.js",
        thread=(("@data-repo",), ("@data-term", "@data-mapping")),
    ),
    System(
        name="utterances",
        classes=("utterances",),
        source=r"utteranc\.es/client\.js",
        thread=(("@repo",), ("@issue-number", "@issue-term")),
    ),
    System(
        name="cusdis", ids=("cusdis_thread",), thread=(("@data-app-id",), ("@data-page-id", "@data-page-url"))
    ),
    System(name="isso", ids=("isso-thread",), thread=(("@data-isso-id",),)),
    System(
        name="remark42",
        ids=("remark42",),
        classes=("remark42",),
        code=r"\bremark_config\b",
        thread=(_assigned("site_id"), _assigned("url")),
    ),
    System(
        name="js-kit",
        classes=("js-kit-comments",),
        source=r"(?:[\w-]+\.)*js-kit\.com/comments\.js",
        thread=(("@permalink", "@path", "@uniq"),),
    ),
    System(
        name="haloscan",
        source=r"(?:www\.)?haloscan\.com/load/",
        thread=((r"haloscan\.com/load/([\w-]+)",),),
    ),
    System(
        name="openweb",
        classes=("spot-im-frame-inpage",),
        source=r"(?:[\w-]+\.)*(?:spot\.im|openweb\.com)/spot/",
        thread=(
            ("@data-spot-id", r"(?:spot\.im|openweb\.com)/spot/([\w-]+)"),
            ("@data-post-id", "@data-post-url"),
        ),
    ),
    System(
        name="coral",
        ids=("coral_thread", "coral_talk_stream"),
        code=r"\bCoral(?:\.Talk\.render|\.createStreamEmbed)\b",
        thread=(_assigned("rootURL"), _assigned("storyID", "storyURL", "asset_url")),
    ),
    System(
        name="discourse",
        ids=("discourse-comments",),
        code=r"\bDiscourseEmbed\b",
        thread=(_assigned("discourseUrl"), _assigned("topicId", "discourseEmbedUrl")),
    ),
    System(
        name="google-plus",
        classes=("cmt_iframe_holder", "g-comments"),
        tags=("g:comments",),
        thread=(("@data-href", "@href"),),
    ),
    System(
        name="viafoura",
        classes=("viafoura",),
        tags=("vf-conversations", "vf-livecomments"),
        source=r"cdn\.viafoura\.net/",
        thread=(("@vf-container-id", "@container-id", "@data-path"),),
    ),
)
"""Comments that stand elsewhere."""

FORMS = (
    System(
        name="jetpack",
        kind=EmbedKind.FORM,
        ids=("jetpack_remote_comment",),
        source=r"jetpack\.wordpress\.com/jetpack-comment/",
        thread=(
            (r"jetpack-comment/\?(?:[^#\n]{0,500}&)?blogid=(\d+)",),
            (r"jetpack-comment/\?(?:[^#\n]{0,500}&)?postid=(\d+)",),
        ),
    ),
    System(
        name="blogger",
        kind=EmbedKind.FORM,
        ids=("comment-editor",),
        source=r"(?:www\.)?blogger\.com/comment(?:-iframe\.g|/frame/)",
        thread=(
            (r"(?i)blogger\.com/comment[^#\n]{0,500}?blogid=(\d+)",),
            (r"(?i)blogger\.com/comment[^#\n]{0,500}?postid=(\d+)",),
        ),
    ),
)
"""Forms whose comments stand in the page itself."""

_PLAYER_SOURCES = {
    "youtube": r"(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com/(?:embed|v|e)/|youtu\.be/)([\w-]{6,})",
    "vimeo": r"(?:player\.vimeo\.com/video/|vimeo\.com/moogaloop\.swf\?(?:[^#\n]{0,500}&)?clip_id=)(\d+)",
    "dailymotion": r"(?:www\.|geo\.)?dailymotion\.com/(?:embed/video|swf(?:/video)?)/([\w-]+)",
    "soundcloud": r"w\.soundcloud\.com/player/?\?(?:[^#\n]{0,500}&)?url=([^&#]+)",
    "spotify": r"open\.spotify\.com/embed/([\w/-]+)",
    "ustream": r"(?:www\.)?ustream\.tv/embed/([\w/-]+)",
    "flickr": r"(?:www\.)?flickr\.com/(?:photos/([\w@/-]+?)/player|(?:apps/slideshow|slideShow)/)",
    "slideshare": r"(?:www\.)?slideshare\.net/slideshow/embed_code/(?:key/)?([\w-]+)",
    "scribd": r"(?:www\.)?scribd\.com/embeds/(\d+)",
    "facebook": (
        r"(?:[\w-]+\.)*facebook\.com/(?:v[\d.]+/)?plugins/(?:video|post)\.php\?"
        r"(?:[^#\n]{0,500}&)?href=([^&#]+)"
    ),
}
PLAYERS = {
    system: re.compile(rf"(?:https?:)?//{pattern}", re.IGNORECASE)
    for system, pattern in _PLAYER_SOURCES.items()
}
"""Frames and objects that play or show something, each with the pattern of its address."""

QUOTES = (
    System(name="twitter", kind=EmbedKind.QUOTE, classes=("twitter-tweet", "twitter-video")),
    System(
        name="instagram",
        kind=EmbedKind.QUOTE,
        classes=("instagram-media",),
        thread=(("@data-instgrm-permalink",),),
    ),
    System(name="facebook", kind=EmbedKind.QUOTE, classes=("fb-post", "fb-video"), thread=(("@data-href",),)),
)
"""Posts of others that a script of theirs dresses up."""
