"""The published schema, the documentation and the dataclasses say the same."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from crawler.commands.schema import KINDS, schema_of, with_tables
from crawler.items import Comment, Post

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", KINDS)
def test_the_published_schema_is_the_one_of_the_dataclass(name):
    assert json.loads((DOCS / "schema" / f"{name}.json").read_text("utf-8")) == schema_of(KINDS[name])


def test_the_tables_of_the_documentation_are_those_of_the_dataclasses():
    text = (DOCS / "data.md").read_text("utf-8")
    assert with_tables(text) == text


@pytest.mark.parametrize("kind", KINDS.values())
def test_every_field_is_described_and_required(kind):
    schema = schema_of(kind)
    Draft202012Validator.check_schema(schema)
    names = [spec.name for spec in fields(kind)]
    assert schema["required"] == names == list(schema["properties"])
    assert all(rules["description"] for rules in schema["properties"].values())


def test_a_literal_is_an_enumeration():
    assert schema_of(Comment)["properties"]["kind"]["enum"] == ["comment", "pingback", "trackback"]


def test_a_line_is_valid_and_a_line_without_a_key_is_not():
    validator = Draft202012Validator(schema_of(Post))
    line = json.loads(Post(id="p", url="u").as_line())
    assert validator.is_valid(line)
    del line["captions"]
    assert not validator.is_valid(line)


def test_the_command_writes_the_schemas_and_the_tables(scrapy):
    (scrapy.folder / "page.md").write_text("# Data\n<!-- posts -->\nout of date\n<!-- /posts -->\nend\n")
    assert scrapy("schema", "-o", "made", "--tables", "page.md").returncode == 0
    assert sorted(path.stem for path in (scrapy.folder / "made").iterdir()) == sorted(KINDS)
    text = (scrapy.folder / "page.md").read_text("utf-8")
    assert "out of date" not in text
    assert "| `title` | string or null | Title with its blanks folded. |" in text
    assert text.endswith("<!-- /posts -->\nend\n")


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(scrapy):
    (scrapy.folder / "file").touch()
    ended = scrapy("schema", "-o", "file/made")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1)
