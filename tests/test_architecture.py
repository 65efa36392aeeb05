"""The house holds: parts import one way, no module imports itself in a circle, names say what is inside."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

ALLOWED: dict[str, set[str] | None] = {
    "items": set(),
    "pages": {"items"},
    "spiders": {"pages", "items"},
    "warc": set(),
    "wire": {"warc"},
    "collection": {"items", "warc"},
    "pipelines": {"collection", "items", "warc"},
    "frontier": {"collection", "items", "warc"},
    "replay": {"collection", "items", "pages", "warc"},
    "settings": set(),
    "demo": set(),
    "commands": None,
}
"""Which parts a part may import; None for all of them. Every part may ask ``crawler`` for the version."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "misc", "base"}


def name_of(path: Path) -> str:
    """Dotted name of the module in ``path``."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted((ROOT / "crawler").rglob("*.py"))}


def part_of(module: str) -> str:
    """``crawler.wire.framing`` belongs to ``wire``; ``crawler`` itself to no part."""
    return [*module.split("."), ""][1]


def imports(node: ast.AST, module: str, *, at_import_time: bool = False) -> Iterator[str]:
    """Modules of ours that ``node`` imports, wherever the import stands or only where it runs at once."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in MODULES)
        elif isinstance(child, ast.ImportFrom):
            yield from imported_from(child, module)
        elif at_import_time and (
            isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(child)
        ):
            continue
        else:
            yield from imports(child, module, at_import_time=at_import_time)


def imported_from(statement: ast.ImportFrom, module: str) -> Iterator[str]:
    source = statement.module or ""
    if statement.level:
        package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
        above = package.split(".")[: len(package.split(".")) - statement.level + 1]
        source = ".".join([*above, source] if source else above)
    for alias in statement.names:
        if (name := f"{source}.{alias.name}") in MODULES:
            yield name
        elif source in MODULES:
            yield source


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_part_may(module):
    part = part_of(module)
    if not part:
        assert not list(imports(tree(module), module)), "the package itself holds nothing but the version"
        return
    assert part in ALLOWED, f"{part} is a new part: say in ALLOWED what it may import"
    allowed = ALLOWED[part]
    found = {part_of(name) for name in imports(tree(module), module)} - {part, ""}
    assert allowed is None or found <= allowed, f"{part} may import {sorted(allowed)}"


def test_no_module_imports_itself_in_a_circle():
    graph = {name: set(imports(tree(name), name, at_import_time=True)) for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_named_for_what_it_owns(module):
    name = module.rpartition(".")[2]
    assert name not in VAGUE
    assert not name.startswith("base_")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_in_a_sentence_what_it_owns(module):
    assert ast.get_docstring(tree(module))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import crawler.items", ["crawler.items"]),
        ("from crawler.pages import page", ["crawler.pages.page"]),
        ("from crawler.items import Post", ["crawler.items"]),
        ("from ..items import Post", ["crawler.items"]),
        ("from . import exchange", ["crawler.warc.exchange"]),
        ("if TYPE_CHECKING:\n    from crawler.items import Post", ["crawler.items"]),
        ("def late():\n    import crawler.items", ["crawler.items"]),
        ("import itemadapter", []),
    ],
)
def test_no_import_of_ours_is_overlooked(source, found):
    assert list(imports(ast.parse(source), "crawler.warc.exchange")) == found
