"""The files around the code agree with it and each other, and tell nothing of the machine they came from."""

from __future__ import annotations

import ast
import re
import subprocess
import tempfile
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from scrapy import commands as scrapy_commands
from scrapy.settings import default_settings

from crawler import __version__, commands

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


def pinned(name: str) -> dict[str, str]:
    """Version of each package that ``requirements/<name>.txt`` pins."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    return {
        canonicalize_name(match["name"]): match["version"]
        for match in re.finditer(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", text, re.MULTILINE)
    }


def assert_satisfied(wanted: list[str], versions: dict[str, str]) -> None:
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if name == PROJECT["name"]:
            continue
        assert name in versions, f"{requirement} is not pinned: make lock"
        assert requirement.specifier.contains(versions[name]), f"{requirement}: {versions[name]} is pinned"


def test_what_runs_is_pinned_within_the_ranges_of_the_project():
    assert_satisfied(PROJECT["dependencies"], pinned("run"))


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_every_extra_is_pinned_for_development(extra):
    assert_satisfied(PROJECT["optional-dependencies"][extra], pinned("dev"))


def test_development_runs_on_the_very_versions_that_are_shipped():
    assert pinned("run").items() <= pinned("dev").items()


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_are_hashed_and_name_no_index(path):
    text = path.read_text("utf-8")
    for line in text.splitlines():
        assert re.match(r"(#|    #|    --hash=sha256:[0-9a-f]{64}|[\w.-]+==\S+ )", line), line
    for requirement in re.split(r"^(?=[a-zA-Z])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in requirement


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_place_on_this_machine(optional):
    optional((ROOT / ".git").exists(), "this is no git checkout")
    places = {f"{place}/".encode() for place in (ROOT, Path.home(), tempfile.gettempdir())}
    telling = {
        (str(path.relative_to(ROOT)), place)
        for path in tracked()
        for place in places
        if place in path.read_bytes()
    }
    assert not telling


def test_every_setting_has_its_reason_on_the_line_above():
    source = (ROOT / "crawler" / "settings.py").read_text("utf-8")
    lines = source.splitlines()
    bare = [
        lines[node.lineno - 1]
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and not lines[node.lineno - 2].startswith("#")
    ]
    assert not bare


def test_the_changelog_tells_of_the_current_version():
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))


def code_in(document: Path) -> str:
    """What a document says in code: fenced, indented or between backquotes."""
    return "\n".join(
        "".join(match)
        for match in re.findall(
            r"^```[^\n]*\n(.*?)^```|^ {4}([^\n]*)$|`([^`\n]+)`",
            document.read_text("utf-8"),
            re.DOTALL | re.MULTILINE,
        )
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_commands_that_exist(document):
    known = {
        path.stem
        for package in (commands, scrapy_commands)
        for path in Path(package.__path__[0]).glob("*.py")
    }
    named = re.findall(r"(?:^|[ /])(?:scrapy|blogarchive) ([a-z]+)", code_in(document), re.MULTILINE)
    assert set(named) <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_targets_that_can_be_made(document):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|[ =])make ([a-z]+)", code_in(document), re.MULTILINE)
    assert set(named) <= set(targets)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_sets_only_settings_that_exist(document):
    source = "".join(path.read_text("utf-8") for path in (ROOT / "crawler").rglob("*.py"))
    named = re.findall(r"-s ([A-Z_]+)=", code_in(document))
    assert not [name for name in named if name not in source and not hasattr(default_settings, name)]
