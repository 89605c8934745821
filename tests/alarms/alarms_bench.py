"""10,000 days of alarms: ours beside others', and what 10,000 rules cost. `PYTHONPATH=.:tests python
tests/alarms/alarms_bench.py`.

No test: a table of figures. `--days 300` for a short one; `--cost FOLDER` for the cost, with a journal that
is made in that folder.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alarms.days import make_day
from alarms.rivals import bare, grafana, helper, ours
from alarms.score import Score, judge, judge_ours

EACH = 1000


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def simulate(days: int, seed: int) -> Iterator[dict[str, Score]]:
    """The scores of each, by name, of so many days; every thousand those up to then."""
    others = {
        "bare threshold": bare,
        "Grafana: for, keep firing, recovery": grafana,
        "HA threshold helper, hysteresis": helper,
        "the same with `for` in an automation": lambda day: helper(day, for_ms=day.rule.delay_ms),
    }
    scores = {name: Score() for name in ("TempHub", *others)}
    for number in range(days):
        # A day can be made again by its number.
        day = make_day(np.random.default_rng([seed, number]))
        before = scores["TempHub"].wrong
        judge_ours(scores["TempHub"], day, ours(day))
        if scores["TempHub"].wrong != before:
            say(f"day {number}: missed, false or repeated")
        for name, rival in others.items():
            judge(scores[name], day, rival(day))
        if (number + 1) % EACH == 0 or number + 1 == days:
            yield scores


def table(scores: dict[str, Score]) -> None:
    """Print them."""
    first = next(iter(scores.values()))
    say(
        f"{first.days:,} days, {first.excursions:,} excursions of at least the delay; "
        f"{time.process_time():.0f} s of a core"
    )
    say(f"{'':38s} messages  missed   false repeated   median   95 % min late")
    for name, score in scores.items():
        say(f"{name:38s}{score.line()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--cost", type=Path)
    asked = parser.parse_args()
    if asked.cost:
        from alarms.cost import cost

        for line in cost(asked.cost):
            say(line)
        return
    for scores in simulate(asked.days, asked.seed):
        table(scores)


if __name__ == "__main__":
    main()
