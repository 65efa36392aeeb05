# ruff: noqa: E501 - a paragraph is a line, and people type curly quotes
"""Posts that nobody wrote: invented people and words in the shapes of a real blog, one peculiarity or two each."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from html import unescape

from tests.pages.told import Block, Remark, Told, escaped

EASTERN = timezone(timedelta(hours=-4))
"""Daylight time in Washington, the clock of the pages."""

LATEST = (
    (
        "Building Bridges One Ferry at a Time",
        "/stories/2016/11/18/building-bridges-one-ferry-time",
        datetime(2016, 11, 18, tzinfo=EASTERN),
    ),
    ("2010", "/stories/2016/11/17/2010", datetime(2016, 11, 17, tzinfo=EASTERN)),
    (
        "Comments We Liked This Week",
        "/stories/2016/11/16/comments-we-liked-week",
        datetime(2016, 11, 16, tzinfo=EASTERN),
    ),
    (
        "A Lighthouse for the Gulf of Veyra",
        "/stories/2016/11/15/lighthouse-gulf-veyra",
        datetime(2016, 11, 15, tzinfo=EASTERN),
    ),
    (
        '"Posted by" and Other Lost Words',
        "/stories/2016/11/14/posted-and-other-lost-words",
        datetime(2016, 11, 14, tzinfo=EASTERN),
    ),
)

FERRY = (
    "The ferry left the pier at six, half an hour late and twice as full as the captain would have liked. "
    "On board were fishermen, two school classes, a wedding party and the seven of us with our boxes of paper."
)
HARBOR = (
    "In the harbor office we met the mayor, who had kept a list of every promise made to her town since 1994. "
    "She read it to us from top to bottom, and then she asked which of them we meant to keep."
)
LEDGER = (
    "None of this is quick. The water board meets on Thursdays, the cooperative on Mondays, and the ministry when it "
    "rains. Still, by the end of the week there were three signatures under one page."
)
WELL = (
    "I have been asked why a foreign ministry should care about wells. My answer is the same every time: because "
    "people who share a pump have to talk to each other every morning."
)
THANKS = "Thank you for reading, and please keep your questions coming."


def p(text: str) -> Block:
    """A paragraph of plain text."""
    return Block(html=f"<p>{escaped(text)}</p>", text=text)


def raw(html: str, text: str | None = None) -> Block:
    """A piece of HTML; without ``text``, one whose text is what is left without its tags."""
    return Block(html=html, text=unescape(re.sub(r"<[^>]+>", "", html)) if text is None else text)


PLAIN = (p(FERRY), p(HARBOR), p(LEDGER), p(THANKS))

START = datetime(2010, 9, 10, 14, 5, tzinfo=EASTERN)


def remark(number: int, author: str, place: str | None, *texts: str | Block, **more: object) -> Remark:
    """A comment some hours after the one before it, with the usual writes line unless told otherwise."""
    first = author.split(maxsplit=1)[0]
    values: dict[str, object] = {
        "number": number,
        "author": author,
        "place": place,
        "blocks": tuple(p(text) if isinstance(text, str) else text for text in texts),
        "at": START + timedelta(hours=5, minutes=37 * (number % 100) + number % 7),
        "writes": f"{first} in {place.removesuffix(', USA')} writes:" if place else f"{first} writes:",
    }
    return Remark(**{**values, **more})  # type: ignore[arg-type]


TWO = (
    remark(
        1701,
        "Ron",
        "New York, USA",
        "Prioritize the wells.....",
        "Since the old pumps were put in the front window, the new ones have been forgotten behind the scenes.",
    ),
    remark(1702, "Chris Z.", "Missouri, USA", "I disagree with the premise. Nobody asked the captain."),
)


def told(name: str, title: str, **more: object) -> Told:
    """A post with plain body, one author and two comments, unless told otherwise."""
    values: dict[str, object] = {
        "name": name,
        "slug": name,
        "title": title,
        "at": START,
        "blocks": PLAIN,
        "authors": ("Walter J. Brandvold",),
        "captions": ("Mayor Ilse Karhu Shows Visitors the New Pump in Port Veyra",),
        "remarks": TWO,
        "topics": ("Water", "East Veyra"),
        "latest": LATEST,
    }
    return Told(**{**values, **more})  # type: ignore[arg-type]


def thread() -> tuple[Remark, ...]:
    """Replies several deep, two of them to one comment, one by a user of the site."""
    deep = [
        (2101, "Ali", "Iraq", None),
        (2102, "Sue", "United Kingdom", None),
        (2103, "Bonnie", "District Of Columbia, USA", 2101),
        (2104, "Zharkov", "U.S.A.", 2103),
        (2105, "DipNote Blogger", None, 2101),
        (2106, "Myriam", "Canada", 2104),
        (2107, "Kirk", "Kentucky, USA", 2102),
        (2108, "Ann-Marie", "France", 2106),
        (2109, "O’Neil", "Ireland", None),
        (2110, "Knox G.", "Florida, USA", 2105),
    ]
    words = [
        "Where does the money for the pumps come from?",
        "A fine account of a long day at sea.",
        "From the harbor fund, I should think.",
        "The harbor fund has been empty since the flood.",
        "Thank you for your question. The pumps are paid for by the water board.",
        "Empty is a strong word for a fund that owns two ferries.",
        "Long it was! I sat next to the wedding cake.",
        "Two ferries and a raft, if you count the raft.",
        "Measure twice, sign once.",
        "The water board is the harbor fund with another hat.",
    ]
    return tuple(
        remark(
            number,
            author,
            place,
            text,
            parent=parent,
            **({"registered": True, "writes": None} if author == "DipNote Blogger" else {}),
        )
        for (number, author, place, parent), text in zip(deep, words, strict=True)
    )


def crowd(count: int, first: int, replies: dict[int, int] | None = None) -> tuple[Remark, ...]:
    """Many comments by many names; ``replies`` gives the place (from 0) that a place answers."""
    names = "Ada Bo Cem Dov Eli Fay Gus Hal Ida Jon Kay Leo Mia Ned Ona Pia Quin Rae Sol Tess Uma Vic Wes Xan Yul Zoe".split()
    places = ["Maine, USA", "Peru", "New Mexico, USA", "Greece", None, "South Carolina, USA"]
    out = []
    for n in range(count):
        author = f"{names[n % 26]}{names[(n // 26 + 7) % 26].lower()}"
        answers = (replies or {}).get(n)
        words = f"This is what I, {author}, think of ferry number {n + 1}: it should run on Sundays too."
        out.append(
            remark(
                first + n,
                author,
                places[n % 6],
                words,
                at=START + timedelta(hours=3 * n + 1, minutes=n % 60),
                parent=None if answers is None else first + answers,
            )
        )
    return tuple(out)


BYLINES = [
    told(
        "one-author",
        "Strengthening the Harbor of Port Veyra",
        about="Walter J. Brandvold serves as Deputy Director for River Affairs.",
    ),
    told(
        "initials",
        "A Week With the Water Board",
        authors=("D. Bramwell Horton",),
        about="Bramwell Horton is the U.S. Consul in Port Veyra.",
    ),
    told(
        "apostrophe",
        "Wells and Words",
        authors=("Maeve O'Bannon",),
        about="Maeve O'Bannon serves as Public Affairs Officer in Lower Veyra.",
        about_form="p-strong-em",
    ),
    told(
        "curly-apostrophe",
        "The Secretary’s Ferry",
        authors=("Patrick L. O’Dwyer",),
        slug="secretary-s-ferry",
        about="Patrick L. O’Dwyer is a career member of the Senior Foreign Service.",
        about_form="p-i-nbsp",
    ),
    told(
        "byline-differs",
        "'Harbor in 60 Seconds' Video -- Rowing Diplomacy",
        authors=("Morwen Obannon",),
        about="Morwen O'Bannon is a Foreign Affairs Officer.",
        about_last=True,
        remarks=(remark(1731, "Margaret S.", "California, USA", "More rowing, please.", writes=None),),
    ),
    told(
        "accents",
        "Diálogo en el Río: Notes From Piñera Street",
        authors=("Zoë Brandström-Núñez",),
        captions=("Tabaré Vélez and Zoë Brandström-Núñez on the Quay, Brasília",),
    ),
    told(
        "bloggers",
        "Travel Diary: The Envoy Visits Upper Veyra",
        authors=("DipNote Bloggers",),
        bar=("Interactive Travel Map", "Text the Envoy", "Trip Page"),
    ),
    told(
        "two-authors",
        "The Colors of Warsk Debut Upriver",
        authors=("Kathrin Speckhart", "Kelda Cooke"),
        about="Kathrin Speckhart serves as Cultural Officer. Kelda Cooke serves as Program Assistant.",
        about_label="About the Authors:",
        blocks=(
            p("This spring the painters of Warsk came up the river."),
            raw("<p><strong>Kathrin writes:</strong></p>"),
            p(HARBOR),
            raw("<p><strong>Kelda writes:</strong></p>"),
            p(WELL),
        ),
    ),
    told(
        "three-authors",
        "Three Desks, One River",
        authors=("Noor al-Hashemi", "Tobias R. Kinkade", "Mei-Ling Carrowe"),
    ),
    told(
        "oxford-comma",
        "Four Hands and a Pump",
        authors=("Ines Valcourt", "Oskar Lindqvest", "Samuel T. Abernethy III"),
        joined="Ines Valcourt, Oskar Lindqvest, and Samuel T. Abernethy III",
    ),
    told(
        "about-only",
        "Travel Diary: Meeting the New River High Commissioner",
        authors=("Kristof Murrey",),
        byline=False,
        about="Kristof Murrey serves as Commissioner to the River Union.",
    ),
    told(
        "abouts-only",
        "Two Desks, No Byline",
        authors=("Ann Stokke", "Luis CdeBarca"),
        byline=False,
        about="Ann Stokke serves as Assistant Director for Culture. Luis CdeBarca is the Ambassador-at-Large for Rivers.",
        about_label="About the Authors:",
    ),
    told("nobody", "DipNote: The Week in Review", authors=(), byline=False),
]

ABOUTS = [
    told(
        "about-last",
        "From the Pier to the Well",
        about="Walter J. Brandvold is presently serving as River Officer.",
        about_last=True,
        about_form="plain",
    ),
    told(
        "about-glued",
        "The Price of a Pump",
        about="Walter J. Brandvold serves as River Officer.",
        about_form="glued",
    ),
    told(
        "about-nbsp",
        "Slow Water",
        about="Walter J. Brandvold serves as River Officer at the U.S. Embassy in Veyra.",
        about_form="nbsp",
    ),
    told(
        "about-after-br",
        "What the Mayor Kept",
        about="Walter J. Brandvold serves as River Officer.",
        about_form="br",
        about_last=True,
    ),
    told(
        "about-before-br",
        "What the Mayor Gave",
        about="Walter J. Brandvold serves as River Officer.",
        about_form="brbr",
    ),
    told(
        "about-label-br",
        "What the Mayor Took",
        about="Walter J. Brandvold serves as River Officer.",
        about_form="label-br",
    ),
    told(
        "about-name-glued",
        "A Letter From Saskenland",
        authors=("Anneke W. Pettersen",),
        about="Anneke W. Pettersenserves as Special Envoy to the Lakes.",
    ),
    told(
        "about-glued-bar",
        "The Envoy Departs for the Lakes",
        authors=("Robin Woode",),
        about="Robin Woode serves as Acting Spokesman.",
        bar=("Interactive Travel Map", "Text the Envoy"),
        bar_ends="about",
        captions=("Interactive Travel Map",),
    ),
    told(
        "body-glued-bar",
        "Travel Diary: On the Lakes",
        authors=("DipNote Bloggers",),
        bar=("Trip Page", "Interactive Travel Map", "Behind the Scenes Photos"),
        bar_ends="body",
        bar_sep="|",
    ),
    told(
        "about-mentioned",
        "How to Write About the Author",
        blocks=(
            p("My teacher said: about the author, say little; about the river, say all."),
            p(WELL),
            p("About the authors of this plan I know only that they have never met a ferry captain."),
        ),
        about=None,
    ),
    told(
        "update-first",
        "Travel to Upper Veyra Postponed",
        blocks=(
            p("Update: The visit described below has been postponed until the ice is gone."),
            p(FERRY),
            p(LEDGER),
        ),
        about="Walter J. Brandvold serves as River Officer.",
        bar=("Trip Page",),
    ),
]

MANY_CAPTIONS = (
    "The Envoy Steps Off the Ferry in Port Veyra",
    "The Envoy and Mayor Karhu on the Quay",
    "Schoolchildren Wave Flags on Pier Two",
    "Fishermen Present a Net",
    "The Wedding Party Aboard the Ferry",
    "President Vélez Greets the Envoy, Brasília",
    "A Pump, Seen From Above",
    "A Pump, Seen From Below",
    "The Water Board at Work",
    "Signing the Page",
    "The Harbor at Night",
    "The Envoy Waves Goodbye",
    "Ice on the Upper Veyra",
)

PICTURES = [
    told("no-caption", "Words Without Pictures", captions=()),
    told("photo-without-caption", "A Picture Without Words", captions=(), photos=1),
    told("caption-without-photo", "Words Where a Picture Was", photos=0),
    told(
        "captions-13",
        "Travel Diary: In Port Veyra, the Envoy Reflects on the River",
        authors=("DipNote Bloggers",),
        captions=MANY_CAPTIONS,
        bar=("Interactive Travel Map", "Text the Envoy"),
        bar_ends="body",
    ),
    told(
        "captions-30",
        "Solidarity on the River: The Envoy’s Trip to the Lakes",
        authors=(),
        byline=False,
        captions=tuple(f"{MANY_CAPTIONS[n % 13]}, Day {n + 1}" for n in range(30)),
    ),
    told(
        "caption-is-sentence",
        "The Last Ferry",
        captions=(
            "On September 2, 2010, the last wooden ferry left Port Veyra; the mayor, who was born on it, waved from the pier.",
        ),
    ),
    told(
        "inline-pictures",
        "Pictures in the Text",
        captions=(),
        blocks=(
            p(FERRY),
            raw(
                '<p><img src="/sites/default/files/inline-1.jpg" alt="The Hague" width="320" height="213" style="float: right;" /></p>',
                "",
            ),
            raw(f'<p><img src="/sites/default/files/inline-2.jpg" alt="" />{HARBOR}</p>', HARBOR),
            p(THANKS),
        ),
    ),
]

BODIES = [
    told(
        "word-paste",
        "Pasted From a Word Processor",
        blocks=tuple(
            raw(
                f'<p class="MsoNormal" style="margin: 0in 0in 10pt;"><span style="font-family: Calibri; font-size: small;"><o:p></o:p>{text.replace(". ", ".&nbsp; ", 1)}</span></p>',
                text,
            )
            for text in (FERRY, HARBOR, WELL)
        ),
    ),
    told(
        "div-paragraphs",
        "Nothing but Divs",
        blocks=(
            raw(f"<div>{FERRY}</div>"),
            raw("<div>&nbsp;</div>", ""),
            raw(f"<div>{HARBOR}</div>"),
            raw("<div>&nbsp;</div>", ""),
            raw(f"<div><div>{WELL}</div></div>", WELL),
        ),
    ),
    told(
        "br-br",
        "Breaks for Paragraphs",
        blocks=(
            raw(
                f"<p>{FERRY}<br />\n<br />\n{HARBOR}<br /><br />{WELL}</p>", f"{FERRY}\n\n{HARBOR}\n\n{WELL}"
            ),
            raw(
                "<p>Port Veyra,<br />in the third week of September</p>",
                "Port Veyra,\nin the third week of September",
            ),
        ),
    ),
    told(
        "lists-and-tables",
        "Numbers From the Water Board",
        blocks=(
            raw("<h3>By the Numbers</h3>"),
            p(WELL),
            raw(
                "<ul>\n<li>Two ferries.</li>\n<li>Nineteen pumps, of which <em>seven</em> work.</li>\n</ul>",
                "Two ferries.\n\nNineteen pumps, of which seven work.",
            ),
            raw(
                '<table border="1">\n<thead>\n<tr>\n<th>Year</th>\n<th>Pumps</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>2006</td>\n<td>770</td>\n</tr>\n<tr>\n<td>2007</td>\n<td>303</td>\n</tr>\n</tbody>\n</table>',
                "Year Pumps\n\n2006 770\n\n2007 303",
            ),
            raw(
                "<ol>\n<li>First the well.</li>\n<li>Then the pump.</li>\n</ol>",
                "First the well.\n\nThen the pump.",
            ),
            p(THANKS),
        ),
    ),
    told(
        "quotations",
        "What the Captain Said",
        blocks=(
            p(FERRY),
            raw(
                "<blockquote><p>“When the season ended,” she said, “we had nothing.</p>\n<p>Now we have a ledger, a lock and a waiting list.”</p>\n</blockquote>",
                "“When the season ended,” she said, “we had nothing.\n\nNow we have a ledger, a lock and a waiting list.”",
            ),
            raw("<h2>What Comes Next</h2>"),
            p(LEDGER),
            p("— W.J.B."),
        ),
    ),
    told(
        "sixty-paragraphs",
        "Inside the Pump Room",
        blocks=tuple(
            p(f"{(FERRY, HARBOR, LEDGER, WELL)[n % 4]} That was entry {n + 1} in the book.")
            for n in range(60)
        ),
    ),
    told(
        "one-sentence",
        "Behind the Scenes on the Ferry",
        blocks=(p("Happy New Year."),),
        captions=(),
        about=None,
    ),
    told(
        "scripts-of-the-world",
        "日本からのメッセージ: A Message From the Lakes",
        slug="message-lakes",
        blocks=(
            p(FERRY),
            raw(
                '<p lang="ar" dir="rtl" xml:lang="ar">التقينا اليوم بمجموعة من الشباب في عمّان وتحدثنا عن التعليم والعمل والمستقبل.</p>'
            ),
            raw('<p lang="he" dir="rtl">היום נפגשנו עם תלמידים ודיברנו על המים ועל העתיד.</p>'),
            raw('<p lang="ja">今日は港で学生たちと会い、水と教育について話しました。</p>'),
            raw('<p lang="hi">आज हमने दिल्ली में छात्रों से मुलाक़ात की।</p>'),
        ),
    ),
    told(
        "embedded",
        "Video: The Pump in Motion",
        blocks=(
            p(WELL),
            raw(
                '<object width="480" height="385"><param name="movie" value="http://www.youtube.com/v/v1?fs=1&amp;hl=en_US" /><embed src="http://www.youtube.com/v/v1?fs=1&amp;hl=en_US" type="application/x-shockwave-flash" width="480" height="385"></embed><p>Your browser has no player. Posted by the plug-in.</p></object>',
                "",
            ),
            raw(
                '<p><iframe width="560" height="315" src="http://www.youtube.com/embed/v2" frameborder="0">No frames here.</iframe></p>',
                "",
            ),
            raw('<script type="text/javascript">document.write("September 1, 2001");</script>', ""),
            raw('<style type="text/css">.x { color: red; }</style>', ""),
            raw(
                '<form action="/poll" method="post"><p>Which pump do you like best?</p><input type="radio" name="a" /> The blue one <input type="submit" value="Vote" /></form>',
                "",
            ),
            p(THANKS),
        ),
    ),
    told(
        "adjacent-inlines",
        "Words That Touch",
        blocks=(
            raw(
                '<p><a href="/stories/2009/01/02/first">“One”</a>,<em>and</em> <a href="http://www.example.org/a?b=1&amp;c=2#d">two</a><strong>three</strong> &amp; &lt;four&gt; .</p>',
                "“One”,and twothree & <four> .",
            ),
            p(HARBOR),
        ),
    ),
    told(
        "quotes-its-comments",
        "What You Wrote",
        blocks=(
            p("Before I hand over the keys, a few of your comments that I will not forget."),
            raw("<p>Ron in New York writes:</p>"),
            raw(
                "<blockquote><p>Please do more posts like this one.</p>\n</blockquote>",
                "Please do more posts like this one.",
            ),
            raw("<p>New York, USA<br />September 12, 2009</p>", "New York, USA\nSeptember 12, 2009"),
            p(
                "Posted by popular demand, here is another. Latest Stories come and go, but good readers stay."
            ),
            raw("<p>Susan in Ohio writes:</p>"),
            raw("<blockquote><p>Well said.</p></blockquote>", "Well said."),
            p("Comments"),
            p("That is the word I liked best."),
        ),
    ),
    told(
        "open-letter",
        "Letter to My Overwrought Friends",
        blocks=(
            p("John writes an open letter to his friends on the river, and this is the start of it."),
            p(WELL),
            p(LEDGER),
        ),
    ),
]

TITLES = [
    told("title-quoted", '"Kia Kaha, Port Veyra"', slug="kia-kaha-port-veyra"),
    told(
        "title-entities",
        "<Tags> & “Entities”: A Note on Titles -- Part Two",
        slug="tags-entities-note-titles-part-two",
    ),
    told(
        "title-double-blank",
        "U.S. Department of Rivers  and Social Media:  Tell Us What You Think",
        slug="us-department-rivers-and-social-media-tell-us-what-you-think",
    ),
    told("title-year", "2010", slug="2010", at=datetime(2010, 12, 31, 9, 0, tzinfo=EASTERN)),
    told("title-comments", "Comments", slug="comments"),
    told("title-posted-by", "Posted by the River", slug="posted-river"),
]

COMMENTS = [
    told("no-comments", "Nobody Wrote", remarks=()),
    told("no-comments-closed", "Nobody May Write", remarks=(), open=False),
    told("comments-closed", "The Talk Is Over", open=False),
    told(
        "writes-forms",
        "Who Writes From Where",
        remarks=(
            remark(
                1711,
                "GenXer",
                "California, USA",
                "First!",
                writes="GenXer from California writes:",
                writes_break="br",
            ),
            remark(
                1712,
                "Elaine D.",
                "United States",
                "A hopeful page.",
                writes="Elaine D. in the U.S.A. writes:",
            ),
            remark(
                1713,
                "Hostgator R.",
                "United Kingdom",
                "Cheap pumps here.",
                writes="H.R. in the United Kingdom writes:",
            ),
            remark(1714, "Julius", None, "I come from nowhere in particular.", writes="Julius writes:"),
            remark(
                1715,
                "Bonnie",
                "District Of Columbia, USA",
                "The bread was good.",
                writes="Bonnie in Washington, DC writes:",
            ),
            remark(1716, "Syrian P.", "Syria", "I doubt the figures.", writes="SNP in Syria writes:"),
            remark(
                1717,
                "Patrick/analyste P.",
                "California, USA",
                "Ask me for more.",
                writes="Patrick in California writes:",
            ),
            remark(1718, "W.W.", None, "Short, but true.", writes="W.W. writes:", writes_break="br"),
            remark(
                1719,
                "margaret d.",
                "Australia",
                "Lower case is restful.",
                writes="Margaret D. in Australia writes:",
            ),
            remark(
                1720, "kat-missouri", "Missouri, USA", "Me too.", writes="kat-missouri in Missouri writes:"
            ),
        ),
    ),
    told(
        "writes-not-first",
        "Writes, but Later",
        remarks=(
            remark(
                1741,
                "Harold",
                "Ohio, USA",
                "I read this twice.",
                "Ron in New York writes:",
                "It is not mine to answer.",
                writes=None,
            ),
            remark(1742, "Nancy", "Oregon, USA", "My uncle writes an open letter every week.", writes=None),
            remark(
                1743,
                "Lori",
                "Ohio, USA",
                raw(
                    "<blockquote><p>Harold in Ohio writes: I read this twice.</p></blockquote>",
                    "Harold in Ohio writes: I read this twice.",
                ),
                "So did I.",
                writes="Lori in Ohio writes:",
            ),
            remark(1744, "Milan", "Virginia, USA", "He writes: badly, and often.", writes=None),
        ),
    ),
    told(
        "tricky-texts",
        "What People Type",
        remarks=(
            remark(
                1751,
                "Eric",
                "New Mexico, USA",
                "September 12, 2010",
                "That was the day the pump broke.",
                writes=None,
            ),
            remark(
                1752, "Olimar", "Maine, USA", "Ron", "I mean the other Ron.", writes="Olimar in Maine writes:"
            ),
            remark(
                1753,
                "Larry",
                "Maine, USA",
                "Comments",
                "Latest Stories",
                "Posted by Walter J. Brandvold",
                "These are the words that break your page.",
                writes=None,
            ),
            remark(
                1754,
                "Kristine L.",
                "Tennessee, USA",
                raw(
                    "<p>Ron | New York, USA<br />September 11, 2010</p>",
                    "Ron | New York, USA\nSeptember 11, 2010",
                ),
                "That is how you quote a header.",
                writes="Kristine L. in Tennessee writes:",
            ),
            remark(1755, "Paul", "Indiana, USA", "@ Olimar in Maine --", "Which Ron?", "46201", writes=None),
            remark(
                1756,
                "Rosemary",
                "New Jersey, USA",
                raw(
                    "<p>Topic: the budget<br />\nDear Envoy,<br />\nwhere is it?</p>",
                    "Topic: the budget\nDear Envoy,\nwhere is it?",
                ),
                writes="Rosemary in New Jersey writes:",
            ),
            remark(
                1757,
                "Tom & Ann",
                "Trinidad & Tobago",
                "If <5% reaches the village then 95% of the story is missing & you know it.",
                writes="Tom & Ann in Trinidad & Tobago writes:",
            ),
            remark(
                1758,
                "Anna",
                "United Kingdom",
                raw(
                    '<p><a href="http://www.example.com/a/very/long/path">http://www.example.com/a/very/lo...</a> says it all.</p>',
                    "http://www.example.com/a/very/lo... says it all.",
                ),
                writes=None,
            ),
            remark(1759, "Anna", "United Kingdom", "reply", writes=None),
        ),
    ),
    told(
        "same-comment-twice",
        "Sent Twice",
        remarks=(
            remark(1761, "Rosemary", "France", "Hello?"),
            remark(1762, "Rosemary", "France", "Hello?", at=START + timedelta(hours=5)),
            remark(1763, "Ole", "Норвегия", "Yes?"),
        ),
    ),
    told(
        "before-the-post",
        "Who Should Be Allowed To Own a Pump?",
        remarks=(
            remark(
                1771, "Tina", "Michigan, USA", "I answered before you asked.", at=START - timedelta(days=1)
            ),
            remark(1772, "Brianna", "Wisconsin, USA", "I did not.", at=START + timedelta(days=2)),
            remark(
                1773,
                "Chris Z.",
                "Missouri, USA",
                "Neither did I.",
                at=START - timedelta(days=1, hours=2),
                writes="Chris in Missouri writes:",
            ),
        ),
    ),
    told(
        "no-places",
        "Nowhere in Particular",
        remarks=(
            remark(1781, "Ali", None, "No place, no line.", writes=None),
            remark(1782, "Libby", None, "No place, one line."),
            remark(1783, "Ian", "Texas, USA", "A place at last."),
        ),
    ),
    told("thread", "One Thing Led to Another", remarks=thread()),
    told("thread-over-pages", "One Page Led to Another", remarks=thread(), per_page=4),
    told("crowd", "Ferries for Everyone", remarks=crowd(60, 3001, {3: 1, 4: 3, 51: 50, 58: 2})),
    told(
        "comment-bodies",
        "The Way You Write",
        remarks=(
            remark(
                1791,
                "Vera",
                "Egypt",
                "Well said.",
                raw("<blockquote><p>I read this twice.</p></blockquote>", "I read this twice."),
                "Exactly so.",
                raw("<ul>\n<li>One.</li>\n<li>Two.</li>\n</ul>", "One.\n\nTwo."),
                raw("<p>1<br />\n2<br />\n3</p>", "1\n2\n3"),
            ),
            remark(
                1792,
                "Sami",
                "Jordan",
                raw('<p dir="rtl" lang="ar">شكرا جزيلا على هذه المدونة.</p>'),
                writes=None,
            ),
            remark(
                1793,
                "Long L.",
                "Peru",
                *[f"{LEDGER} ({n})" for n in range(1, 13)],
                writes="Long in Peru writes:",
            ),
        ),
    ),
    told(
        "hyphen-names",
        "Names With Joints",
        remarks=(
            remark(1795, "Abdul-Rahman", "U.A.E.", "Good morning."),
            remark(1796, "José", "São Tomé & Príncipe", "Bom dia.", writes="José in São Tomé writes:"),
            remark(1797, "J.", "Washington, D.C., USA", "Ditto.", writes="J. in Washington, D.C. writes:"),
        ),
    ),
]

TRUTHS: list[Told] = [*BYLINES, *ABOUTS, *PICTURES, *BODIES, *TITLES, *COMMENTS]

BY_NAME = {truth.name: truth for truth in TRUTHS}
