"""Which alarms a viewer wants to see in the list; it lives in the page's address. Any thread; pure."""

from collections.abc import Mapping
from typing import NamedTuple

from ...alarms import SEVERITIES, STATES
from ...core import is_probe_id, printable

# Those of the time that the chart shows, or of the range that is marked in it.
AS_CHART = "chart"
MOST_TEXT = 100
ALARM_KEYS = {
    "state": "alarm_state",
    "severity": "alarm_severity",
    "probe": "alarm_probe",
    "group": "alarm_group",
    "time": "alarm_time",
    "text": "alarm_text",
}


class AlarmChoice(NamedTuple):
    """What an alarm of the list has to be; empty means any. state: one of alarms.STATES; probe: an id; time:
    `7d`, or `chart`; text: what stands somewhere in what the list says of it, in whatever case."""

    state: str = ""
    severity: str = ""
    probe: str = ""
    group: str = ""
    time: str = ""
    text: str = ""


def asked_alarms(found: Mapping[str, str]) -> AlarmChoice:
    """What an address asks for; what cannot be understood counts as any. The time is yet to be looked at."""
    given = {name: found.get(key, "").strip() for name, key in ALARM_KEYS.items()}
    choice = AlarmChoice(
        **{
            name: value if len(value) <= MOST_TEXT and printable(value) else ""
            for name, value in given.items()
        }
    )
    return choice._replace(
        state=choice.state if choice.state in STATES else "",
        severity=choice.severity if choice.severity in SEVERITIES else "",
        probe=choice.probe if is_probe_id(choice.probe) else "",
        group="" if choice.probe else choice.group,
    )


def told_alarms(choice: AlarmChoice) -> dict[str, str]:
    """The same as the address has it."""
    return {ALARM_KEYS[name]: value for name, value in choice._asdict().items() if value}
