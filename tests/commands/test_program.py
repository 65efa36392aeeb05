"""The console script of an installed package: the same commands as in a checkout, from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is shipped, built without any network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run([sys.executable, *build], check=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def blogarchive(wheel: Path, tmp_path_factory: pytest.TempPathFactory):
    """Runs the installed script in a folder far from the checkout."""
    site = tmp_path_factory.mktemp("site")
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run([sys.executable, *install], check=True)

    def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SCRAPY_")}
        return subprocess.run(
            [sys.executable, site / "bin" / "blogarchive", *arguments],
            cwd=cwd,
            env=clean | {"PYTHONPATH": f"{site}{os.pathsep}{cwd}"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_wheel_holds_what_the_package_reads(wheel):
    names = ZipFile(wheel).namelist()
    assert {"crawler/py.typed", "crawler/demo/content.toml", "crawler/settings.py"} <= set(names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"crawler", "blogarchive"}


def test_the_settings_of_the_package_hold_in_any_folder(blogarchive, tmp_path):
    ended = blogarchive("settings", "--get", "BOT_NAME", cwd=tmp_path)
    assert (ended.stdout.strip(), ended.stderr, ended.returncode) == ("blogarchive", "", 0)


def test_it_knows_the_commands_of_a_checkout(blogarchive, tmp_path):
    installed = blogarchive(cwd=tmp_path)
    checkout = subprocess.run(
        [sys.executable, "-m", "scrapy"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "active project: blogarchive" in installed.stdout
    assert installed.stdout == checkout.stdout


def test_it_knows_the_spiders_of_a_checkout(blogarchive, tmp_path):
    installed = blogarchive("list", cwd=tmp_path)
    assert "dipnote" in installed.stdout.split()


def test_settings_of_the_operators_own_stay_in_force(blogarchive, tmp_path):
    (tmp_path / "mine.py").write_text('from crawler.settings import *\nBOT_NAME = "mine"\n')
    ended = blogarchive("settings", "--get", "BOT_NAME", cwd=tmp_path, SCRAPY_SETTINGS_MODULE="mine")
    assert ended.stdout.strip() == "mine"
