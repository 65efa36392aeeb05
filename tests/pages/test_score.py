"""The posts of a recording in every markup: shares of right values that must not fall."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.pages.markups import BY_NAME, MARKUPS
from tests.pages.recorded import told_again
from tests.pages.scoring import Score, score

if TYPE_CHECKING:
    from pathlib import Path

EVERY = 16
"""Every how many posts are taken; all of them are scored by score_markups.py."""

MINIMUM = 0.98
"""The least share of right values of a field where MINIMUM_OF says nothing."""

MINIMUM_OF: dict[tuple[str, str], float] = {
    # (markup, field): share
    # "Anna in exile in United Kingdom writes:" is the only header, and can be cut in two places.
    ("engine-early", "comment author"): 0.95,
    ("engine-early", "comment location"): 0.95,
    ("engine-late", "comment author"): 0.95,
    ("engine-late", "comment location"): 0.95,
    ("engine-late-undated", "comment author"): 0.95,
    ("engine-late-undated", "comment location"): 0.95,
}


@cache
def scored(truth: Path, markup: str) -> Score:
    return score(BY_NAME[markup], told_again(truth)[::EVERY])


@pytest.mark.parametrize("markup", [markup.name for markup in MARKUPS])
def test_fields_of_recorded_posts_are_read_in_every_markup(shared: Path, markup: str):
    result = scored(shared / "sites/drupal7/truth.json", markup)

    short = {
        name: (round(result.share(name), 4), result.examples[name][:3])
        for name in result.all
        if result.share(name) < MINIMUM_OF.get((markup, name), MINIMUM)
    }
    assert short == {}
