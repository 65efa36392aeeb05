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

MINIMUM = 0.995
"""The least share of right values of any field; what a page does not tell, as who of two is called
"Anna in exile", stays below the rest."""


@cache
def scored(truth: Path, markup: str) -> Score:
    return score(BY_NAME[markup], told_again(truth)[::EVERY])


@pytest.mark.parametrize("markup", [markup.name for markup in MARKUPS])
def test_fields_of_recorded_posts_are_read_in_every_markup(shared: Path, markup: str):
    result = scored(shared / "sites/drupal7/truth.json", markup)

    short = {
        name: (round(result.share(name), 4), result.examples[name][:3])
        for name in result.all
        if result.share(name) < MINIMUM
    }
    assert short == {}
