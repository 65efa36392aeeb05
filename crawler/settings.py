"""Every setting that differs from Scrapy's default, and every one of our own, with its reason above it.

Any of them can be set for one run with ``-s NAME=VALUE``. ``ARCHIVE_ENABLED``
is not here on purpose: ``scrapy crawl`` and ``scrapy runspider`` archive,
while shell, fetch and parse only look, so that the command decides.
"""

from __future__ import annotations

from crawler import __version__

# Named after the distribution, which is what an operator of a site meets in a log.
BOT_NAME = "blogarchive"

# Where the spiders stand.
SPIDER_MODULES = ["crawler.spiders"]

# Where `scrapy genspider` puts a new one.
NEWSPIDER_MODULE = "crawler.spiders"

# Our commands, and our crawl and runspider in place of Scrapy's.
COMMANDS_MODULE = "crawler.commands"

# The first opens the collection and its run, the second then captures into it: the order matters.
ADDONS = {
    "crawler.collection.addon.ArchiveAddon": 400,
    "crawler.wire.addon.CaptureAddon": 500,
}

# A row is checked before and written after whatever pipelines a user puts between (200 to 800).
ITEM_PIPELINES = {
    "crawler.pipelines.CheckRow": 100,
    "crawler.pipelines.WriteRow": 900,
}

# Decides what a page's rows are before any of them goes on: nearest to the engine, after all else. Then the
# frontier takes the page's links for its queue.
SPIDER_MIDDLEWARES = {"crawler.collection.page_rows.PageRows": 10, "crawler.frontier.Frontier": 5}

# Scrapy's filter of hosts, but it writes down what it drops; and our decoding where Scrapy's would stand.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "crawler.collection.fates.WatchedOffsite": 50,
    # Nearer to the wire than the middleware that sends again, so that every attempt counts.
    "crawler.spiders.dead_hosts.DeadHosts": 580,
    "crawler.wire.decoding.Decoding": 590,
}

# Scrapy hands on a cut gzip body as whole and loses a broken one; ours reads both as an extract does.
COMPRESSION_ENABLED = False

# Scrapy's own, but it writes down what became of every request.
DOWNLOADER = "crawler.collection.fates.WatchedDownloader"

# The least delay that a site's robots.txt asks for is kept; and a crawl that is to stop does so in seconds.
EXTENSIONS = {
    "crawler.collection.stopping.PromptStop": 600,
    "crawler.spiders.crawl_delay.CrawlDelayFloor": 900,
}

# --- The archive ---

# Collections are folders in here.
ARCHIVE_ROOT = "output"

# An address or a page where the site's operator reaches us, e.g. "mailto:archive@example.org"; it goes
# into the User-Agent and into every WARC file. It may stay empty, but a polite archive sets it.
ARCHIVE_CONTACT = ""

# Who keeps the archive. This and the next three no program could know; each goes into every WARC file,
# run.json and package where it is set.
ARCHIVE_CURATOR = ""

# For whom it is kept.
ARCHIVE_INSTITUTION = ""

# What it is.
ARCHIVE_DESCRIPTION = ""

# What may be done with it.
ARCHIVE_RIGHTS = ""

# Networks, comma-separated, that may be asked although they are private, e.g. "10.0.0.0/8". The blog's hosts,
# which the operator names, are asked wherever they are; others, which pages name, only at public addresses.
ADDRESS_ALLOW = ""

# A WARC file that would grow beyond this is closed and a new one begun: 1 GB is what archives hand around.
WARC_MAX_BYTES = 1_000_000_000

# So many bytes of exchanges may wait for the disk; then downloading waits too.
WARC_QUEUE_BYTES = 64 * 1024 * 1024

# Closed pages are committed in groups: as soon as there are so many, half of what may be under way, so that
# one half is fetched while the other goes to the disk.
COMMIT_PAGES = 6

# At the latest so long (in seconds) after the first page of a group was closed: what a power cut costs.
COMMIT_SECONDS = 1.0

# Bytes that stay free on the disk: enough to end a run in order, and for others to live.
MIN_FREE_BYTES = 32 * 1024 * 1024

# After the first SIGINT or SIGTERM, what is under way has so long (in seconds) to end; the rest is left to
# the next run. Supervisors kill after 30 seconds or more.
STOP_GRACE = 10.0

# --- Who asks, and how politely ---

# Says who we are; ARCHIVE_CONTACT is added in brackets.
USER_AGENT = f"blogarchive/{__version__}"

# robots.txt names products: ours is matched by this word, not by the whole User-Agent.
ROBOTSTXT_USER_AGENT = "blogarchive"

# Scrapy's default ignores robots.txt.
ROBOTSTXT_OBEY = True

# Ours: the Crawl-delay of robots.txt is the least time between two requests to its host.
ROBOTS_CRAWL_DELAY_OBEY = True

# A site's own speed sets ours; blogs of this age stand on small machines.
AUTOTHROTTLE_ENABLED = True

# Two minutes for a whole answer: slow servers get theirs, a stalled one does not hold its place for three.
DOWNLOAD_TIMEOUT = 120

# Ours: a host that does not take the connection within half a minute (in seconds) is down.
CONNECT_TIMEOUT = 30

# Ours: so long (in seconds) may a server think before the first byte of its answer.
FIRST_BYTE_TIMEOUT = 60

# Twenty hops are a loop; every hop is archived.
REDIRECT_MAX_TIMES = 10

# --- What is taken ---

# A blog's page above this is no page. Sixteen at once fit into half a gigabyte; of Scrapy's 1 GiB, not one.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024

# Pages of 8 MiB deserve a look.
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024

# Ours: so much of a body goes to the spider (in bytes); the record is whole whatever this says.
RESPONSE_BODY_CAP = 32 * 1024 * 1024

# Only the web: a link to file:///etc/hostname on a page was fetched with Scrapy's defaults.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}

# Cookies make pages depend on what was asked before; 200 large ones made every later request fail, and with
# them on Scrapy fetches the public suffix list from hosts that are not the site.
COOKIES_ENABLED = False

# A meta refresh is a link that the page states, not a hop: the page that holds it is kept and read.
METAREFRESH_ENABLED = False

# What a cache answers did not cross the wire, so that it cannot be archived.
HTTPCACHE_ENABLED = False

# --- What pages need to be shown ---

# Ours: pages without their pictures and styles are no archive that anybody looks at.
REQUISITES_ENABLED = True

# Ours: kinds that are asked for, comma-separated. All but video, which is most of the bytes of a blog and
# seldom its own; an hour of speech is a part of what is said.
REQUISITE_KINDS = "image,style,script,font,icon,audio,document,frame"

# Ours: bytes of one requisite. Twice a large report in PDF; of a larger one the beginning is kept.
REQUISITE_MAX_BYTES = 32 * 1024 * 1024

# Ours: finds out at the end of a run what a replay would show. None for runs that nobody replays.
REPLAY_CHECK = "crawler.replay.self_check.SelfCheck"

# --- Budgets: reaching one is reported, and the exit code says so ---

# Pages of comments of one post. The largest thread known of DipNote has 10, Drupal's trap has no end.
COMMENT_PAGES_PER_POST = 200

# Pages of lists: front page, months, topics, authors.
LISTING_PAGES = 5000

# Pages of the list beside a post. DipNote had 1,758 of them.
SIDEBAR_PAGES = 2500

# Requisites of a crawl. 10,000 posts with ten pictures each have half as many; traps make up more.
REQUISITES = 200_000

# Hops from the front page. A pager is a chain of hops, so that it has to be longer than any pager.
DEPTH_LIMIT = 3000

# --- Order and memory ---

# Rows of one page go through the pipelines one after the other, in page order. Scrapy starts as many tasks
# as this for every response, 100 of them by default.
CONCURRENT_ITEMS = 1

# First found, first fetched: posts come in the order in which the lists name them.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"

# --- The process ---

# A crawler carries no port that executes Python.
TELNETCONSOLE_ENABLED = False

# The same.
REMOTE_CONTROL_ENABLED = False

# A line per event that a person should see; every page is in the WARC, every count in run.json.
LOG_LEVEL = "INFO"

# Feeds (-O) in the same encoding as our own files, instead of \u escapes.
FEED_EXPORT_ENCODING = "utf-8"
