"""The lines load in DuckDB, one type a column, and the queries of the documents run as written."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import optional

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[tuple[Any, ...]]]:
    """Runs a query against the collection of the demo blog."""
    optional(find_spec("duckdb"), "duckdb is not installed")
    import duckdb  # noqa: PLC0415 - optional

    folder = tmp_path_factory.mktemp("archive")
    command = [sys.executable, "-m", "scrapy", "demo", "-s", f"ARCHIVE_ROOT={folder}/output"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    connection = duckdb.connect()
    connection.execute("set file_search_path = ?", [str(folder)])
    return lambda sql: connection.execute(sql.replace("output/dipnote/", "output/demo/")).fetchall()


def types(query: Callable[[str], list[tuple[Any, ...]]], kind: str) -> dict[str, str]:
    return {name: of for name, of, *_ in query(f"describe from 'output/demo/*/{kind}.jsonl'")}


def test_the_query_of_the_readme_runs_as_written(query):
    [sql] = re.findall(r"^    (select .*;)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    counts = [count for _, count in query(sql)]
    assert sum(counts) == 83
    assert counts == sorted(counts, reverse=True)


def test_the_query_of_the_data_page_gives_the_whole_archive(query):
    [sql] = re.findall(r"in DuckDB: `(from .*?)`", (ROOT / "docs/data.md").read_text(encoding="utf-8"))

    assert len(query(sql)) == 16


def test_counts_places_and_lists_have_their_types(query):
    posts, comments = types(query, "posts"), types(query, "comments")

    assert posts["version"] == posts["warc_offset"] == comments["number"] == comments["page"] == "BIGINT"
    assert posts["authors"] == posts["captions"] == posts["tags"] == "VARCHAR[]"
    assert posts["date"] == comments["date"] == "DATE"
    assert "TIMESTAMP" in comments["captured_at"]
    assert comments["parent_id"] == comments["location"] == "VARCHAR"


def test_every_comment_finds_its_post_and_its_parent(query):
    told = "from 'output/demo/*/comments.jsonl' c"
    orphans = f"select id {told} anti join 'output/demo/*/posts.jsonl' p on c.post_id = p.id"
    lost = f"select id {told} anti join 'output/demo/*/comments.jsonl' p on c.parent_id = p.id"

    assert query(orphans) == []
    assert query(f"{lost} where c.parent_id is not null") == []
