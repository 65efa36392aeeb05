# ruff: noqa: E402 - run as a script, it must find the checkout first
"""What it costs that nothing is lost: commits, journal, frontier and recovery.

``python benchmarks/commit_protocol.py PART...`` measures one or more of

``commits``   pages a second that are committed with full sync, without network;
``crawl``     pages a second of a crawl of a local site, against plain Scrapy;
``polite``    the share of a crawl of one request a second that commits take;
``recovery``  opening a collection of 100,000 pages whose last run died;
``memory``    a process that queues 1,000,000 URLs, against one that queues 10,000.

Whatever is compared is measured in turn in the same rounds. Everything is
written below ``--folder`` (default: where temporary files go), whose disk is
what is measured; the first line says what a sync costs there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b, sha1, sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from benchmarks.capture_overhead import page
from benchmarks.local_crawls import (
    VARIANTS,
    Orders,
    Stopwatch,
    crawl,
    in_process,
    measure,
    peak_mib,
    served,
)
from crawler.collection.held import HeldCollection
from crawler.collection.known import identity_of
from crawler.collection.layout import run_id_of
from crawler.collection.line_file import write_json
from crawler.collection.rows import prove
from crawler.collection.run import Run
from crawler.collection.visit import Budget, Statement, Visit, Wanted
from crawler.items import Comment, Post, Row
from crawler.warc.durable import sync_data
from crawler.warc.exchange import Exchange, Message
from crawler.warc.writer import WarcWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.collection.queue import Task

SITE = "http://bench.example/stories/"
COMMENTS = 20
LINKS = 30
WINDOW = 16
"""Requests in hand, as by default."""

MEBIBYTE = 2**20


def no_bound(_: str) -> int:
    """A budget that is never reached."""
    return sys.maxsize


# --- Commits ---


@cache
def sample(number: int) -> tuple[Message, str, list[str]]:
    """An answer of 20 KB without its body's stream, the text of its post, and those of its comments."""
    body = page(number, 2 * COMMENTS)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    message = Message(
        head=head,
        body=BytesIO(body),
        body_length=len(body),
        block_sha1=sha1(head + body).digest(),
        payload_sha1=sha1(body).digest(),
        payload_sha256=sha256(body).digest(),
        payload_length=len(body),
    )
    texts = [part.partition("</p>")[0] for part in body.decode().split("<p>")[1:]]
    return message, "\n\n".join(texts[:10]), texts[-COMMENTS:]


def exchange(number: int) -> Exchange:
    """One page as it crossed the wire."""
    message, _, _ = sample(number % 100)
    answered = Message(
        head=message.head,
        body=BytesIO(message.body.read()),
        body_length=message.body_length,
        block_sha1=message.block_sha1,
        payload_sha1=message.payload_sha1,
        payload_sha256=message.payload_sha256,
        payload_length=message.payload_length,
    )
    message.body.seek(0)
    request = f"GET /stories/{number} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: blogarchive\r\n\r\n"
    return Exchange(
        target_uri=f"{SITE}{number}",
        method="GET",
        sent_at=datetime.now(UTC),
        request=request.encode(),
        response=answered,
    )


def rows_of(number: int) -> Iterator[Row]:
    """What the page states: a post and its comments."""
    _, text, comments = sample(number % 100)
    post, url = f"bench.example/stories/{number}", f"{SITE}{number}"
    yield Post(id=post, url=url, title=f"Post {number}", body_text=text, body_html=f"<p>{text}</p>")
    for place, said in enumerate(comments, start=1):
        yield Comment(
            id=f"{post}#comment-{place}",
            post_id=post,
            post_url=url,
            number=place,
            author="Ron",
            location="New York",
            writes_line="Ron in New York writes:",
            body_text=said,
            body_html=f"<p>{said}</p>",
        )


def wanted(number: int) -> Wanted:
    """A request for a page; one in ten has a budget, as lists have."""
    url = f"{SITE}{number}"
    told = {"url": url, "priority": 20, "callback": "parse", "errback": "failed"}
    more = {"cb_kwargs": {"kind": "post", "post": None}, "meta": {"verbatim_url": True, "depth": 3}}
    return Wanted(
        key=blake2b(url.encode(), digest_size=16).digest(),
        url=url,
        priority=20,
        request=json.dumps({**told, **more}),
        budget=Budget("LISTING_PAGES") if number % 10 == 0 else None,
    )


def links_of(number: int) -> list[Wanted]:
    """Links of which none is known yet."""
    return [wanted(number * LINKS + more) for more in range(1, LINKS + 1)]


class Commits:
    """Takes pages from the queue, writes their records and closes their visits, as a crawl does."""

    def __init__(self, folder: Path, *, pages: int, group: int, window: int) -> None:
        self._collection = HeldCollection(folder)
        begun, continues = self._collection.take_up("bench", {}, no_bound, fresh=False)
        self._run = Run(
            self._collection,
            begun,
            continues,
            budget=no_bound,
            commit_pages=group,
            log_level=logging.WARNING,
        )
        self._writer = WarcWriter(self._run.folder, "bench", warcinfo={"software": "bench"})
        self._run.commits.sync_records = self._writer.sync
        self.watch = Stopwatch(self._run.commits)
        self._run.window = window
        self._run.on_tasks = self._take
        self._left = pages
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()

    async def run(self) -> float:
        """Commit them all; gives the seconds that it took."""
        for number in range(100):
            sample(number)
        began = time.perf_counter()
        self._take(self._run.begin([wanted(number) for number in range(WINDOW)]))
        await self._ended.wait()
        await self._run.commits.close()
        seconds = time.perf_counter() - began
        await self._writer.close()
        self._run.discard()
        self._collection.release()
        return seconds

    def _take(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            visit = self._run.visits.begin(task)
            if self._left <= 0:
                self._run.visits.give_up(visit)
                continue
            self._left -= 1
            working = asyncio.get_running_loop().create_task(self._visit(visit))
            self._tasks.add(working)
            working.add_done_callback(self._tasks.discard)
        if not self._run.visits.in_hand:
            self._ended.set()

    async def _visit(self, visit: Visit) -> None:
        number = int(visit.url.removeprefix(SITE))
        location = await self._writer.write(exchange(number))
        visit.record = location.record_id
        for row in rows_of(number):
            prove(row, location, run_id=self._run.id, source="live")
            visit.stated.append(row)
            if self._collection.journal.known.number(row, visit):
                visit.rows.append(row)
        visit.links.extend(links_of(number))
        self._run.visits.end(visit)


def commit(argument: str) -> dict[str, Any]:
    """One measurement of commits, in this process."""
    orders = json.loads(argument)
    with tempfile.TemporaryDirectory(dir=orders["folder"]) as folder:
        commits = Commits(Path(folder) / "bench", **orders["commits"])
        seconds = asyncio.run(commits.run())
    steps = {name: statistics.median(times) * 1000 for name, times in commits.watch.steps.items()}
    group = commits.watch.pages / len(commits.watch.steps["whole"])
    return {"speed": orders["commits"]["pages"] / seconds, "group": group, **steps}


def compare_commits(folder: Path, rounds: int) -> None:
    """Pages a second that are committed, by size of group and by how many pages are in hand."""
    pages = 800
    print(f"commits: {pages} pages of 20 KB with {1 + COMMENTS} rows and {LINKS} new links, {rounds} rounds")
    print(
        "COMMIT_PAGES  in hand  pages/s  (least  most)  pages a commit  ms a commit  records  lines  journal"
    )
    told: dict[tuple[int, int], list[dict[str, float]]] = {(1, 1): [], (1, WINDOW): [], (8, WINDOW): []}
    for number in range(rounds):
        for group, window in turned(list(told), number):
            orders = {"pages": pages, "group": group, "window": window}
            made = in_process("commit", json.dumps({"folder": str(folder), "commits": orders}))
            told[group, window].append(made)
    for (group, window), figures in told.items():
        speeds = [each["speed"] for each in figures]
        steps = [median(figures, name) for name in ("group", "whole", "records", "lines", "journal")]
        print(
            f"{group:>12}  {window:>7}  {statistics.median(speeds):7.0f}  "
            f"{min(speeds):6.0f}  {max(speeds):5.0f}  "
            "{:14.1f}  {:11.1f}  {:7.1f}  {:5.1f}  {:7.1f}".format(*steps)
        )


# --- Crawls ---


def compare_crawls(folder: Path, rounds: int) -> None:
    """Pages a second of crawls of a local site, by variant."""
    for name, meaning in VARIANTS.items():
        print(f"{name:<9} {meaning}")
    sites = {
        "small": (2000, "pages of 2 KB, of which only the links are read"),
        "demo": (300, "posts of the demo"),
    }
    for site, (size, what) in sites.items():
        print(f"\ncrawl: {size} {what}, {rounds} rounds")
        print("variant   pages  pages/s  (least  most)  of plain  cpu of plain  peak MiB  pages a commit")
        with served(site, size) as url:
            _compare_variants(folder, site, url, rounds)


def _compare_variants(folder: Path, site: str, url: str, rounds: int) -> None:
    told: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
    for number in range(rounds):
        for variant in turned(list(VARIANTS), number):
            with tempfile.TemporaryDirectory(dir=folder) as into:
                figures = measure(Orders(site=site, url=url, variant=variant, folder=into, settings={}))
            told[variant].append({**asdict(figures), "speed": figures.speed})
    for variant, figures_of in told.items():
        speeds = [each["speed"] for each in figures_of]
        pairs = list(zip(figures_of, told["plain"], strict=True))
        of_plain = statistics.median(mine["speed"] / plain["speed"] for mine, plain in pairs)
        # Of the same pages: variants that ask for one more or less are compared by page.
        cpu = statistics.median(
            mine["cpu"] / mine["pages"] / (plain["cpu"] / plain["pages"]) for mine, plain in pairs
        )
        commits = median(figures_of, "commits")
        group = median(figures_of, "committed") / commits if commits else 0
        print(
            f"{variant:<9} {median(figures_of, 'pages'):5.0f}  {statistics.median(speeds):7.0f}  "
            f"{min(speeds):6.0f}  {max(speeds):5.0f}  {of_plain:8.2f}  {cpu:12.2f}  "
            f"{median(figures_of, 'peak_mib'):8.0f}  {group:14.1f}"
        )


def measure_polite(folder: Path, rounds: int) -> None:
    """The share of wall time that commits take at one request a second."""
    orders = {"pages": 100, "group": 1, "window": 1}
    single = [
        in_process("commit", json.dumps({"folder": str(folder), "commits": orders})) for _ in range(rounds)
    ]
    cost = median(single, "whole")
    print(f"polite: a commit of one page of 20 KB takes {cost:.1f} ms, {cost / 10:.1f} % of a second")
    settings = {"DOWNLOAD_DELAY": 1, "RANDOMIZE_DOWNLOAD_DELAY": False, "CLOSESPIDER_PAGECOUNT": 20}
    with served("demo", 300) as url, tempfile.TemporaryDirectory(dir=folder) as into:
        figures = measure(Orders(site="demo", url=url, variant="whole", folder=into, settings=settings))
    share = figures.commit_seconds / figures.seconds
    print(
        f"a crawl of {figures.pages} pages in {figures.seconds:.0f} s: {figures.commits} commits took "
        f"{figures.commit_seconds * 1000:.0f} ms, {share:.2%} of its time"
    )


# --- Recovery ---


@dataclass(frozen=True, kw_only=True)
class Dead:
    """A collection whose last run died."""

    pages: int
    comments: int
    """Of each page."""
    closed_runs: int
    record_bytes: int
    """Of the WARC file of the run that died."""
    torn_bytes: int
    """Written to it after the last commit."""


def make_dead(argument: str) -> dict[str, Any]:
    """Make such a collection, and die as its process did: without closing anything."""
    orders = json.loads(argument)
    folder, dead = Path(orders["folder"]), Dead(**orders["dead"])
    collection = HeldCollection(folder)
    begun, continues = collection.take_up("bench", {}, no_bound, fresh=False)
    for age in range(dead.closed_runs, 0, -1):
        _make_closed_run(collection, begun.number, days_ago=age)
    run = Run(collection, begun, continues, budget=no_bound, log_level=logging.WARNING)
    # Only what is measured has to be made with every sync: this is not.
    warc = run.folder / "bench-00000.warc.gz.open"
    _fill(warc, dead.record_bytes)
    rows = run.folder / "comments.jsonl.open"
    rows_bytes = dead.record_bytes // 5
    _fill(rows, rows_bytes)
    lengths = {
        "bench-00000.warc.gz": dead.record_bytes - dead.torn_bytes,
        "comments.jsonl": rows_bytes - 10_000,
    }
    seeds = [wanted(number) for number in range(dead.pages + 1000)]
    collection.journal.seed(seeds, no_bound)
    journal = collection.journal
    tasks = journal.commit(run.id, [], lengths, budget=no_bound, room=1000)
    done = 0
    while done < dead.pages:
        done += len(tasks)
        visits = [_finished(task.number, task.url, dead.comments) for task in tasks]
        tasks = journal.commit(
            run.id, visits, lengths, budget=no_bound, room=1000 if done < dead.pages else WINDOW
        )
    print(json.dumps({"journal_mib": _size(folder / "journal.sqlite") / MEBIBYTE}), flush=True)
    os._exit(0)


def _make_closed_run(collection: HeldCollection, number: int, *, days_ago: int) -> None:
    began = datetime.fromtimestamp(time.time() - 86_400 * days_ago, UTC)
    name = run_id_of(began)
    collection.journal.begin_run(name, number, None, began.isoformat())
    run = collection.path / name
    run.mkdir()
    files = []
    for file, size in [(f"bench-{name}-{part:05}.warc.gz", 10**9) for part in range(20)]:
        with (run / file).open("wb") as stream:
            # A hole: nothing but its length is looked at.
            stream.truncate(size)
        files.append({"name": file, "size": size, "sha256": "0" * 64})
    collection.journal.close_run(name, write_json(run / "run.json", {"files": files}), crawl_ended=False)


def _fill(path: Path, size: int) -> None:
    block = random.Random(1).randbytes(MEBIBYTE - 1) + b"\n"
    with path.open("wb") as stream:
        for start in range(0, size, MEBIBYTE):
            stream.write(block[: size - start])
        stream.flush()
        os.fsync(stream.fileno())


def _finished(task: int, url: str, comments: int) -> Visit:
    visit = Visit(url=url, task=task, record="urn:uuid:00000000-0000-4000-8000-000000000000", closed=True)
    post = url.removeprefix("http://")
    rows: list[Row] = [Post(id=post, url=url, comments_announced=comments)]
    rows += [
        Comment(id=f"{post}#{place}", post_id=post, post_url=url, number=place) for place in range(comments)
    ]
    visit.rows = visit.stated = rows
    visit.statements = [_statement(row) for row in rows]
    return visit


def _statement(row: Row) -> Statement:
    return Statement(identity_of(type(row), row.id), identity_of(Row, row.id), 1)


def open_dead(argument: str) -> dict[str, Any]:
    """Open the collection as the next run does; the seconds until it could begin."""
    began = time.perf_counter()
    collection = HeldCollection(Path(argument))
    opened = time.perf_counter()
    begun, continues = collection.take_up("bench", {}, no_bound, fresh=False)
    taken = time.perf_counter()
    if begun.number != 1 or continues is None or not collection.put_in_order:
        raise RuntimeError(f"{argument}: there was nothing to recover")
    run = Run(collection, begun, continues, budget=no_bound, log_level=logging.WARNING)
    run.window = WINDOW
    run.begin([])
    first = time.perf_counter()
    return {
        "opening": opened - began,
        "take_up": taken - opened,
        "first": first - taken,
        "whole": first - began,
    }


def measure_recovery(folder: Path, rounds: int) -> None:
    """How long a collection of 100,000 pages takes to open after its last run died."""
    print(f"recovery: 100,000 pages of 1 post and 5 comments, 5 closed runs of 20 GB each, {rounds} rounds")
    print("dead WARC  journal  cache   opening  take up  first requests  whole (most)")
    for mebibytes in (200, 1000):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            collection = Path(place) / "bench"
            dead = Dead(
                pages=100_000,
                comments=5,
                closed_runs=5,
                record_bytes=mebibytes * MEBIBYTE,
                torn_bytes=5 * MEBIBYTE,
            )
            made = in_process("make_dead", json.dumps({"folder": str(collection), "dead": asdict(dead)}))
            kept = Path(place) / "kept"
            _copy_small(collection, kept)
            for cache_name in ("warm", "cold"):
                told = []
                for _ in range(rounds):
                    _copy_small(kept, collection)
                    _read_all(collection) if cache_name == "warm" else _forget(collection)
                    told.append(in_process("open_dead", str(collection)))
                steps = [median(told, name) for name in ("opening", "take_up", "first", "whole")]
                most = max(each["whole"] for each in told)
                print(
                    f"{mebibytes:>6} MB  {made['journal_mib']:4.0f} MB  {cache_name}  "
                    "{:8.2f}  {:7.2f}  {:14.2f}  {:5.2f}".format(*steps)
                    + f"  ({most:4.2f})"
                )


def _holes(path: Path) -> bool:
    return path.suffix == ".gz" and path.stat().st_blocks == 0


def _copy_small(source: Path, target: Path) -> None:
    """Make ``target`` what ``source`` is, but for the files of closed runs, which do not change."""
    target.mkdir(exist_ok=True)
    for path in target.iterdir():
        if not (path.is_dir() and any(map(_holes, path.iterdir()))):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in source.iterdir():
        if path.is_dir():
            if not any(map(_holes, path.iterdir())):
                shutil.copytree(path, target / path.name)
        else:
            shutil.copy2(path, target / path.name)


def _each_file(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not _holes(path))


def _read_all(folder: Path) -> None:
    os.sync()
    for path in _each_file(folder):
        with path.open("rb") as stream:
            while stream.read(MEBIBYTE):
                pass


def _forget(folder: Path) -> None:
    """Have the operating system read the files from the disk the next time."""
    os.sync()
    for path in _each_file(folder):
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _size(path: Path) -> int:
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))


# --- Memory ---

AT_A_TIME = 200
"""Links of one commit."""


def queue(argument: str) -> dict[str, Any]:
    """Queue so many URLs in this process, then take some."""
    orders = json.loads(argument)
    urls: int = orders["urls"]
    with tempfile.TemporaryDirectory(dir=orders["folder"]) as folder:
        collection = HeldCollection(Path(folder) / "bench")
        begun, continues = collection.take_up("bench", {}, no_bound, fresh=False)
        run = Run(collection, begun, continues, budget=no_bound, log_level=logging.WARNING)
        journal = collection.journal
        journal.seed([wanted(0)], no_bound)
        [task] = journal.commit(run.id, [], {}, budget=no_bound, room=1)
        adding = []
        for start in range(1, urls, AT_A_TIME):
            links = [wanted(number) for number in range(start, start + AT_A_TIME)]
            visit = Visit(url=task.url, task=task.number, links=links, closed=True)
            began = time.perf_counter()
            [task] = journal.commit(run.id, [visit], {}, budget=no_bound, room=1)
            adding.append(time.perf_counter() - began)
        taking = []
        tasks = [task]
        for _ in range(200):
            visits = [Visit(url=each.url, task=each.number, closed=True) for each in tasks]
            began = time.perf_counter()
            tasks = journal.commit(run.id, visits, {}, budget=no_bound, room=8)
            taking.append(time.perf_counter() - began)
        keys = [wanted(number).key for number in random.Random(1).sample(range(2 * urls), 2000)]
        began = time.perf_counter()
        known = sum(journal.queue.knows(key) for key in keys)
        asking = (time.perf_counter() - began) / len(keys)
        told = {
            "peak_mib": peak_mib(),
            "journal_mib": _size(journal.path) / MEBIBYTE,
            "adding": statistics.median(adding[-50:]) * 1000,
            "taking": statistics.median(taking) * 1000,
            "asking": asking * 1e6,
            "known": known,
        }
        run.discard()
        collection.release()
    return told


def measure_memory(folder: Path, rounds: int) -> None:
    """Peak memory, and the time of a take, by the length of the queue."""
    print(
        f"memory: URLs queued in commits of {AT_A_TIME}; adding and taking are whole commits with full sync"
    )
    print("     URLs  peak MiB  journal MiB  ms to add 200  ms to settle and take 8  us to ask whether known")
    for urls in (10_000, 1_000_000):
        told = [
            in_process("queue", json.dumps({"folder": str(folder), "urls": urls}))
            for _ in range(rounds if urls < 100_000 else 1)
        ]
        names = ("peak_mib", "journal_mib", "adding", "taking", "asking")
        figures = [median(told, name) for name in names]
        print("{:>9,}  {:8.1f}  {:11.0f}  {:13.1f}  {:23.1f}  {:23.0f}".format(urls, *figures))


# --- The command ---


def turned(names: list[Any], number: int) -> list[Any]:
    """Another one first in each round, in case the machine gets busier or idler meanwhile."""
    place = number % len(names)
    return names[place:] + names[:place]


def median(figures: Sequence[dict[str, float]], name: str) -> float:
    """The median of one figure."""
    return statistics.median(each[name] for each in figures)


def sync_cost(folder: Path) -> str:
    """What a sync of a few bytes costs on this disk, in words."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as stream:
        for _ in range(200):
            stream.write(b"x" * 4096)
            stream.flush()
            began = time.perf_counter()
            sync_data(stream.fileno())
            times.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(times, n=20)
    return f"a sync of 4 KB takes {statistics.median(times):.2f} ms here (95 % below {cuts[-1]:.2f} ms)"


PARTS: dict[str, Callable[[Path, int], None]] = {
    "commits": compare_commits,
    "crawl": compare_crawls,
    "polite": measure_polite,
    "recovery": measure_recovery,
    "memory": measure_memory,
}

TASKS: dict[str, Callable[[str], dict[str, Any]]] = {
    "commit": commit,
    "crawl": lambda orders: asdict(crawl(Orders(**json.loads(orders)))),
    "make_dead": make_dead,
    "open_dead": open_dead,
    "queue": queue,
}
"""What is done in a process of its own."""


def main() -> None:
    """Measure some parts, or do the task of one measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where to write")
    parser.add_argument("--do", nargs=2, metavar=("TASK", "ORDERS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.do:
        task, orders = arguments.do
        print(json.dumps(TASKS[task](orders)))
        return
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: expected one of {', '.join(PARTS)}")
    print(sync_cost(arguments.folder))
    for part in arguments.parts or PARTS:
        print()
        PARTS[part](arguments.folder, arguments.rounds)


if __name__ == "__main__":
    main()
