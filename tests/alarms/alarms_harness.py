"""What the tests of alarms share: rules in a line, streams of readings, and what an Evaluator tells of
them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from temphub_kernel.alarms import Evaluator, Rule, Transition, Watch

START_MS = 1_795_000_000_000
MINUTE_MS = 60_000


def rule(kind: str = "above", *, no: int = 1, **fields: Any) -> Rule:
    """A rule as JSON describes it; a limit is at 8 °C unless said."""
    if kind in ("above", "below"):
        fields.setdefault("limit_c", 8)
    return Rule.from_json({"kind": kind, **fields}, no=no)


class Reading(NamedTuple):
    """minute: when it was taken, in minutes since START_MS; late: how many minutes later it came in; celsius:
    None for a fault."""

    minute: float
    celsius: float | None
    late: float = 0.0
    probe: int = 1


def stream(
    celsius: Iterable[float | None], *, first: float = 0, every: float = 1, late: float = 0, probe: int = 1
) -> list[Reading]:
    """A reading each `every` minutes."""
    return [Reading(first + n * every, value, late, probe) for n, value in enumerate(celsius)]


def backlog(
    celsius: Iterable[float | None], *, first: float, at: float, every: float = 1, probe: int = 1
) -> list[Reading]:
    """The same, delivered at one moment."""
    return [
        one._replace(late=at - one.minute) for one in stream(celsius, first=first, every=every, probe=probe)
    ]


def take(engine: Evaluator, readings: Sequence[Reading]) -> list[Transition]:
    """What it tells of them as one block."""
    if not readings:
        return []
    taken = np.array([START_MS + round(one.minute * MINUTE_MS) for one in readings])
    received = taken + np.array([round(one.late * MINUTE_MS) for one in readings])
    celsius = np.array([np.nan if one.celsius is None else one.celsius for one in readings])
    probe = np.array([one.probe for one in readings])
    return engine.take(probe, taken, received, celsius, int(received[-1]))


def watch(*rules: Rule, interval_min: float = 1, probes: Sequence[int] = (1,)) -> Evaluator:
    """An Evaluator of these rules for these probes."""
    return Evaluator(
        [Watch(one, probe, round(interval_min * MINUTE_MS)) for one in rules for probe in probes]
    )


def told(found: Iterable[Transition]) -> list[tuple[str, float]]:
    """(what, at which minute) of each, what is past with a mark."""
    return [
        (f"past {one.what}" if one.past else one.what, (one.at_ms - START_MS) / MINUTE_MS) for one in found
    ]


def alarms(engine: Evaluator, readings: Sequence[Reading]) -> list[tuple[str, float]]:
    """The same without what is pending or dropped."""
    return [one for one in told(take(engine, readings)) if not one[0].endswith(("pending", "dropped"))]
