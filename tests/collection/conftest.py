"""A collection of the test's own, held by this process."""

from __future__ import annotations

import pytest

from crawler.collection.held import HeldCollection
from crawler.collection.journal import Journal


@pytest.fixture
def journal(tmp_path):
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def held(tmp_path):
    collection = HeldCollection(tmp_path / "dipnote")
    yield collection
    collection.release()
