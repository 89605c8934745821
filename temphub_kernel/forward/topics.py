"""What Home Assistant is told by MQTT: topics and messages. Plain data, any thread.

Discovery: a retained message per sensor below `homeassistant/`, after which it appears by itself.
"""

import json
import re
from typing import Any, NamedTuple

from ..base.clock import iso_utc
from ..base.reading import to_celsius

DISCOVERY = "homeassistant"
ONLINE = b"online"
OFFLINE = b"offline"
# A probe that measures often may deliver in batches; one that measures seldom gets three intervals.
FRESH_MS = 60_000
FRESH_INTERVALS = 3


class State(NamedTuple):
    """A probe's newest reading."""

    taken_ms: int
    units: int | None
    quality: str | None


def hub_topic(base: str) -> str:
    """Whether the hub is there; the broker itself says `offline` when it vanishes."""
    return f"{base}/status"


def state_topic(base: str, probe_id: str) -> str:
    """The newest reading of a sensor."""
    return f"{base}/{probe_id}/state"


def presence_topic(base: str, probe_id: str) -> str:
    """Whether a sensor still measures."""
    return f"{base}/{probe_id}/availability"


def config_topic(base: str, probe_id: str) -> str:
    """Where Home Assistant looks for what there is; it allows letters, digits, `_` and `-` only."""
    return f"{DISCOVERY}/sensor/{plain(base)}/{plain(probe_id)}/config"


def plain(text: str) -> str:
    """Letters, digits, `_` and `-`; two different names stay different."""
    return re.sub(r"[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}_", text)


def state(one: State) -> bytes:
    """The newest reading as a message."""
    celsius = None if one.units is None else to_celsius(one.units)
    return json.dumps({"temperature_c": celsius, "quality": one.quality, "time": iso_utc(one.taken_ms)}).encode()


def presence(one: State, interval_ms: int, now: int) -> bytes:
    """`online` while the newest reading is fresh, by the time it was taken: late ones do not make a probe present."""
    return ONLINE if now - one.taken_ms <= max(FRESH_MS, FRESH_INTERVALS * interval_ms) else OFFLINE


def config(base: str, probe: dict[str, Any], board: dict[str, Any]) -> bytes:
    """What Home Assistant makes a sensor of. probe, board: rows of `Reader.probes()`; several sensors share a board's device."""
    probe_id, own = probe["id"], probe["id"].partition(":")[2]
    device = {
        "identifiers": [f"{plain(base)}_{plain(board['id'])}"],
        "name": board["name"] or board["id"],
        "manufacturer": "TempHub",
        "model": board["model"] or "probe",
    }
    if board["version"]:
        device["sw_version"] = board["version"]
    return json.dumps(
        {
            "name": f"Temperature {own}".strip(),
            "unique_id": f"{plain(base)}_{plain(probe_id)}",
            "state_topic": state_topic(base, probe_id),
            "value_template": "{{ value_json.temperature_c }}",
            "json_attributes_topic": state_topic(base, probe_id),
            "availability": [{"topic": hub_topic(base)}, {"topic": presence_topic(base, probe_id)}],
            "availability_mode": "all",
            "device_class": "temperature",
            "state_class": "measurement",
            "unit_of_measurement": "°C",
            "suggested_display_precision": 2,
            "device": device,
            "origin": {"name": "TempHub"},
        }
    ).encode()
