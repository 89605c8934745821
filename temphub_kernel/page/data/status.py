"""How the hub does, judged from its own note. Any thread; pure.

How a probe does is judged in alarms/states.py.
"""

from typing import Any, Literal, NamedTuple

from ...core import MINUTE_MS
from .. import format, words

HubState = Literal["recording", "trouble", "stopped", "unread"]
# The hub writes its note every 5 s; one that is late by two more is not there.
STOPPED_AFTER_MS = 15_000
# A problem that was over sooner than the next look is still shown for a while.
RECENT_MS = MINUTE_MS


class Alert(NamedTuple):
    """A problem and its remedy, as everywhere in TempHub. since_ms: 0 when unknown."""

    problem: str
    remedy: str
    since_ms: int = 0


class Judgement(NamedTuple):
    """The hub's state and what to tell about it, most important first."""

    state: HubState
    alerts: list[Alert]


def judge(health_ms: int, health: dict[str, Any], now_ms: int) -> Judgement:
    """What to say of a hub that left `health` at `health_ms` (0: never)."""
    if not health_ms:
        return Judgement("stopped", [Alert(words.HUB_NEVER, words.HUB_NEVER_REMEDY)])
    if now_ms - health_ms > STOPPED_AFTER_MS:
        # Told with a fixed time rather than an age: a screen reader says an alert again whenever its words
        # change.
        return Judgement("stopped", [Alert(words.HUB_STOPPED, words.HUB_STOPPED_REMEDY, health_ms)])
    alerts = []
    for worker in health.get("workers") or []:
        if worker.get("problem"):
            alerts.append(Alert(str(worker["problem"]), str(worker.get("remedy", ""))))
        elif not worker.get("running", True):
            alerts.append(Alert(words.WORKER_STOPPED.format(format.worker(worker)), words.WORKER_REMEDY))
    problem = health.get("problem")
    happened_ms = int(health.get("problem_ms") or 0)
    known = {alert.problem for alert in alerts}
    if problem and problem not in known and now_ms - happened_ms < RECENT_MS:
        alerts.append(Alert(str(problem), str(health.get("remedy") or ""), happened_ms))
    return Judgement("trouble" if alerts else "recording", alerts)
