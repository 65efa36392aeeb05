"""An environment of its own for pywb, made on first use from pinned and hashed requirements.

pywb is a program under the GPL, and what it requires breaks Scrapy (another
module named ``brotli``): it is run, never imported.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.collection.lock import Lock, Locked

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIREMENTS = "pywb.txt"

INSTALL = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes")

MARK = "complete"
"""A file in an environment that is whole."""


class NotInstalled(RuntimeError):
    """pywb is not there and could not be brought."""


def cache_folder() -> Path:
    """Where the user's caches are: ``$XDG_CACHE_HOME``, or ``~/.cache`` (XDG Base Directory 0.8)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # A relative one is to be ignored.
    root = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return root / "blogarchive"


def pywb_environment(tell: Callable[[str], None]) -> Path:
    """The folder of an environment that has pywb; makes it where there is none, and says so.

    It is made under a name of the moment and gets its own when it is whole,
    so that what is interrupted leaves nothing half. A second process waits.
    Raises NotInstalled; OSError where the folder cannot be written.
    """
    requirements = (files("crawler.replay") / REQUIREMENTS).read_bytes()
    version = "{}.{}".format(*sys.version_info[:2])
    digest = hashlib.sha256(requirements + version.encode()).hexdigest()[:16]
    environment = cache_folder() / f"pywb-{digest}"
    if _is_whole(environment):
        return environment
    environment.parent.mkdir(parents=True, exist_ok=True)
    with _waiting_lock(environment.with_name(f"{environment.name}.lock"), tell):
        if not _is_whole(environment):
            _make(environment, requirements, tell)
    return environment


def python_of(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _is_whole(environment: Path) -> bool:
    # An interpreter that was removed leaves a link to nothing.
    return (environment / MARK).is_file() and python_of(environment).exists()


def _waiting_lock(folder: Path, tell: Callable[[str], None]) -> Lock:
    """The lock under which an environment is made. Raises OSError."""
    folder.mkdir(exist_ok=True)
    told = False
    while True:
        try:
            return Lock(folder)
        except Locked:
            if not told:
                tell("another process is installing pywb; waiting for it")
                told = True
            time.sleep(0.2)


def _make(environment: Path, requirements: bytes, tell: Callable[[str], None]) -> None:
    tell(f"installing pywb into {environment}, once: about 100 MB, half a minute on a fast network")
    began = time.monotonic()
    for remainder in environment.parent.glob(f"{environment.name}.new-*"):
        shutil.rmtree(remainder, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f"{environment.name}.new-", dir=environment.parent))
    try:
        listed = draft / REQUIREMENTS
        listed.write_bytes(requirements)
        _run([sys.executable, "-m", "venv", str(draft)])
        _run([str(python_of(draft)), *INSTALL, "-r", str(listed)])
        (draft / MARK).touch()
        shutil.rmtree(environment, ignore_errors=True)
        draft.rename(environment)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    tell(f"installed in {time.monotonic() - began:.0f} seconds")


def _run(command: list[str]) -> None:
    """Run a step of the installation. Raises NotInstalled with the last line that it says."""
    ended = subprocess.run(  # noqa: S603 - this interpreter and that of the environment
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if ended.returncode:
        said = [line.strip() for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
        why = next((line for line in reversed(said) if line.startswith("ERROR")), said[-1] if said else "")
        raise NotInstalled(
            f"pywb cannot be installed ({why or f'exit code {ended.returncode}'}): the first replay needs "
            "the package index, once; later ones need no network"
        )
