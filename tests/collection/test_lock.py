"""One process writes a collection, and nobody else touches it meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from crawler.collection.lock import LOCK, Lock, Locked
from tests.small_site import ROOT

HOLD = (
    "import sys, time; from pathlib import Path; from crawler.collection.lock import Lock\n"
    "lock = Lock(Path(sys.argv[1])); {more}print('held', flush=True); time.sleep(60)"
)


def holder(folder, more: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(more=more), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.fixture
def held(tmp_path):
    """The process that holds the folder."""
    process = holder(tmp_path)
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_told_who_holds_it_and_changes_no_byte(tmp_path, held):
    before = (tmp_path / LOCK).read_bytes()
    with pytest.raises(Locked, match=rf"process {held.pid} \(since 2\d{{3}}-.*\) writes it"):
        Lock(tmp_path)
    assert (tmp_path / LOCK).read_bytes() == before
    assert json.loads(before)["pid"] == held.pid


def test_the_lock_of_a_dead_process_is_no_obstacle(tmp_path, held):
    held.send_signal(signal.SIGKILL)
    held.wait()
    Lock(tmp_path).release()


def test_a_lock_that_is_released_can_be_taken_again(tmp_path):
    with Lock(tmp_path):
        pass
    Lock(tmp_path).release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.parametrize(
    "child",
    [
        "import os; pid = os.fork()\nif pid == 0: time.sleep(60)\n",
        "import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n",
    ],
    ids=["forked", "started"],
)
def test_a_child_does_not_keep_the_lock(tmp_path, child):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(more=child), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                Lock(tmp_path).release()
                break
            except Locked:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
