"""Ready-made rules for what people watch most, to start from. Any thread; pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .rules import Rule


class ReadySet(NamedTuple):
    """title: as people call it; rules: for any probe, with names; `for_probes` gives them to some."""

    title: str
    rules: tuple[Rule, ...]

    def for_probes(self, *probes: str) -> list[dict[str, Any]]:
        """The rules as JSON, for these probes."""
        return [{**rule.to_json(), "probes": list(probes)} for rule in self.rules]


def _set(title: str, *rules: dict[str, Any]) -> ReadySet:
    # A place that is watched at all is watched for silence.
    silent = {"name": f"{title} silent", "kind": "silent", "severity": "critical"}
    return ReadySet(title, tuple(Rule.from_json(rule) for rule in (*rules, silent)))


def _limit(
    name: str, kind: str, severity: str, limit_c: float, delay_min: float, recovery_c: float
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "severity": severity,
        "limit_c": limit_c,
        "delay_min": delay_min,
        "recovery_c": recovery_c,
    }


# The delays let a door, a delivery and a defrost pass; the recovery thresholds are half a degree to the good
# side or more.
SETS: Mapping[str, ReadySet] = {
    "refrigerator": _set(
        "Refrigerator",
        _limit("Refrigerator above 8 °C", "above", "warning", 8, 30, 7.5),
        _limit("Refrigerator above 10 °C", "above", "critical", 10, 60, 8),
        _limit("Refrigerator below 2 °C", "below", "warning", 2, 30, 2.5),
        _limit("Refrigerator freezes", "below", "critical", 0, 15, 1),
    ),
    # Frozen food may be warmer than −18 °C for a short time, by 3 °C at the most.
    "freezer": _set(
        "Freezer",
        _limit("Freezer above −18 °C", "above", "warning", -18, 120, -18.5),
        _limit("Freezer above −15 °C", "above", "critical", -15, 45, -17),
    ),
    "deep_freezer": _set(
        "Deep freezer",
        _limit("Deep freezer above −70 °C", "above", "warning", -70, 30, -72),
        _limit("Deep freezer above −60 °C", "above", "critical", -60, 15, -65),
        _limit("Deep freezer below −90 °C", "below", "warning", -90, 60, -88),
    ),
    "hot_holding": _set(
        "Hot holding",
        _limit("Hot holding below 63 °C", "below", "warning", 63, 15, 64),
        _limit("Hot holding below 63 °C for an hour", "below", "critical", 63, 60, 64),
    ),
    "server_room": _set(
        "Server room",
        _limit("Server room above 27 °C", "above", "warning", 27, 15, 26),
        _limit("Server room above 32 °C", "above", "critical", 32, 5, 30),
        _limit("Server room below 15 °C", "below", "warning", 15, 30, 16),
        {
            "name": "Server room gets hot fast",
            "kind": "rise",
            "severity": "critical",
            "change_c": 5,
            "within_min": 10,
            "delay_min": 1,
        },
    ),
    "aquarium": _set(
        "Aquarium",
        _limit("Aquarium above 28 °C", "above", "warning", 28, 30, 27.5),
        _limit("Aquarium above 30 °C", "above", "critical", 30, 15, 29),
        _limit("Aquarium below 23 °C", "below", "warning", 23, 30, 23.5),
        _limit("Aquarium below 20 °C", "below", "critical", 20, 15, 21),
    ),
}
