"""``scrapy schema``: the published schema of the lines, made from the dataclasses of ``crawler.items``."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from itemadapter import ItemAdapter
from scrapy.commands import ScrapyCommand

from crawler.collection.verdict import ExitCode
from crawler.commands.archiving import say
from crawler.items import ITEM_FILES, SCHEMA_VERSION, Skipped

if TYPE_CHECKING:
    import argparse

KINDS: dict[str, type[Any]] = {
    **{name.removesuffix(".jsonl"): kind for kind, name in ITEM_FILES.items()},
    "skipped": Skipped,
}
"""Each file of lines by its name without ``.jsonl``, and the dataclass of its lines."""

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class Command(ScrapyCommand):
    """Writes one JSON Schema a file of lines, and the tables of the documentation."""

    requires_crawler_process = False

    def syntax(self) -> str:
        """What follows the command's name."""
        return "[-o FOLDER] [--tables FILE]"

    def short_desc(self) -> str:
        """What ``scrapy --help`` shows."""
        return "Write the JSON Schema of every kind of line"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Ask where to."""
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="FOLDER", default="docs/schema", help="default: %(default)s"
        )
        parser.add_argument(
            "--tables",
            metavar="FILE",
            default="docs/data.md",
            help="text whose marked tables are made anew, if it is there (default: %(default)s)",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the files."""
        if args:
            say("schema", f"{args[0]}: expected no argument")
            self.exitcode = ExitCode.USAGE
            return
        try:
            write_schemas(Path(opts.output))
            write_tables(Path(opts.tables))
        except OSError as error:
            say("schema", f"{error.filename}: cannot be written ({error.strerror})")
            self.exitcode = ExitCode.STORAGE


def write_schemas(folder: Path) -> None:
    """Write ``posts.json``, ``authors.json``, ``comments.json`` and ``skipped.json``. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in KINDS.items():
        text = json.dumps(schema_of(kind), ensure_ascii=False, indent=2)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def write_tables(path: Path) -> None:
    """Make the tables of a text anew, between ``<!-- posts -->`` and ``<!-- /posts -->``. Raises OSError."""
    if path.exists():
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """The text with the tables between its marks made from the dataclasses."""
    for name, kind in KINDS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, mark, rest = text.partition(begin)
        if mark:
            text = before + begin + table_of(kind) + rest[rest.index(end) :]
    return text


def schema_of(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line: every key is there in every line, so that none has a default."""
    schema = ItemAdapter.get_json_schema(kind)
    hints = get_type_hints(kind)
    for name, rules in schema["properties"].items():
        rules.pop("default", None)
        if get_origin(hints[name]) is Literal:
            # itemadapter leaves literals out.
            rules |= {"type": "string", "enum": list(get_args(hints[name]))}
    return {
        "$schema": DRAFT,
        "title": kind.__name__,
        "description": inspect.cleandoc(kind.__doc__ or "").partition("\n")[0],
        "version": SCHEMA_VERSION,
        **schema,
        "required": [spec.name for spec in fields(kind)],
    }


def table_of(kind: type[Any]) -> str:
    """The fields of a line as a Markdown table."""
    rows = ["| field | type | |", "|---|---|---|"]
    for name, rules in schema_of(kind)["properties"].items():
        description = rules["description"].replace("\n", " ").replace("|", "\\|")
        rows.append(f"| `{name}` | {_type_in_words(rules)} | {description} |")
    return "\n".join(rows) + "\n"


def _type_in_words(rules: dict[str, Any]) -> str:
    if "enum" in rules:
        return " or ".join(f"`{value}`" for value in rules["enum"])
    types = rules["type"] if isinstance(rules["type"], list) else [rules["type"]]
    words = " or ".join(sorted(types, key=lambda name: name == "null"))
    return f"{words} of {_type_in_words(rules['items'])}" if "items" in rules else words
