# ruff: noqa: E402 - run as a script, it must find the checkout first
"""Print how well the reader reads a recording's posts in every markup: percent per field and markup.

    python tests/pages/score_markups.py [--every N] [--markup NAME ...] [--examples N] [--truth FILE]

The recording's truth lies in the folder `shared` beside the checkout. By
default every eighth post is written down and read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.pages.markups import BY_NAME, MARKUPS
from tests.pages.recorded import told_again
from tests.pages.scoring import Score, score


def table(scores: dict[str, Score]) -> str:
    """Fields as lines, markups as columns, percent right; `.` is all right, `-` nothing to read."""
    fields = list(dict.fromkeys(name for result in scores.values() for name in result.all))
    width = max(map(len, fields), default=0)
    columns = [f"{n:>3}" for n in range(1, len(scores) + 1)]
    lines = [f"{n:>3}  {name}" for n, name in enumerate(scores, 1)]
    lines += ["", " " * width + "   " + "    ".join(columns)]
    for name in fields:
        cells = []
        for result in scores.values():
            share = result.share(name)
            cell = "-" if not result.all[name] else "." if share == 1 else f"{100 * share:.1f}"
            cells.append(f"{cell:>6}")
        lines.append(f"{name:{width}} " + " ".join(cells))
    return "\n".join(lines)


def main() -> None:
    """Score what the arguments ask for, and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=8, help="take every N-th post (default 8; 1 for all)")
    parser.add_argument(
        "--markup", action="append", choices=list(BY_NAME), help="only this markup; may repeat"
    )
    parser.add_argument("--examples", type=int, default=0, help="show N wrong values of each field")
    parser.add_argument("--truth", type=Path, default=ROOT.parent / "shared/sites/drupal7/truth.json")
    options = parser.parse_args()
    tellings = told_again(options.truth)[:: options.every]
    names = options.markup or [markup.name for markup in MARKUPS]
    scores = {name: score(BY_NAME[name], tellings) for name in names}
    print(f"{len(tellings)} posts, {sum(len(told.remarks) for told in tellings)} comments\n")
    print(table(scores))
    for name, result in scores.items():
        for field, examples in result.examples.items() if options.examples else ():
            print(f"\n{name}: {field}", *examples[: options.examples], sep="\n    ")


if __name__ == "__main__":
    main()
