"""What Home Assistant is told by MQTT, of readings and alarms: topics and messages. Plain data, any thread.

Discovery: a retained message per sensor below `homeassistant/`, after which it appears by itself. An alarm of
several probes at once stands at each of them. That a probe is silent is told while the probe is unavailable:
it hangs on the hub alone.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..core import MINUTE_MS, board_of, fresh_ms, is_present, iso_utc, to_celsius
from ..journal import Alarm

DISCOVERY = "homeassistant"
ONLINE = b"online"
OFFLINE = b"offline"
EXPIRES_LATER_MS = MINUTE_MS
ORIGIN = "TempHub"


class State(NamedTuple):
    """A probe's newest reading."""

    taken_ms: int
    units: int | None
    quality: str | None


def hub_topic(base: str, hub: str) -> str:
    """Whether a hub is there; the broker itself says `offline` when it vanishes. hub: see `hub_name`; `+` for
    any."""
    return f"{base}/status/{hub}"


def old_hub_topic(base: str) -> str:
    """The same up to 0.3, one for all hubs of a broker: whichever stopped made the probes of all
    unavailable."""
    return f"{base}/status"


def heard(base: str) -> list[str]:
    """What a hub listens to."""
    kinds = [f"{DISCOVERY}/{kind}/{plain(base)}/+/config" for kind in ("sensor", "binary_sensor")]
    return [hub_topic(base, "+"), old_hub_topic(base), *kinds]


def is_ours(topic: str) -> bool:
    """Whether a topic is one that may be published to, too: a broker may hand out anything, and what it names
    is taken back there."""
    return topic.isprintable() and not set(topic) & set("#+")


def hub_name(host: str, folder: str) -> str:
    """One hub's name at the broker, the same at each start: the computer's part, `-`, the data folder's.
    folder: made once, kept in it."""
    return f"{_digest(host)}-{_digest(host + folder)}"


def host_of(hub: str) -> str:
    """The computer's part of a hub's name."""
    return hub.partition("-")[0]


def hub_in(base: str, message: bytes) -> str | None:
    """Which hub announced a sensor by this discovery message: empty for one up to 0.3, None when it is no
    message of ours."""
    try:
        told = json.loads(message)
        topics = [str(one["topic"]) for one in told["availability"]]
        if told["origin"]["name"] != ORIGIN:
            return None
    # Nested deeper than any message of ours, too.
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    found = [
        topic.removeprefix(hub_topic(base, "")) for topic in topics if topic.startswith(hub_topic(base, ""))
    ]
    return found[0] if found else "" if old_hub_topic(base) in topics else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


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
    return json.dumps(
        {"temperature_c": celsius, "quality": one.quality, "time": iso_utc(one.taken_ms)}
    ).encode()


def presence(one: State, interval_ms: int, now: int) -> bytes:
    """`online` while the newest reading is fresh, by the time it was taken: late ones do not make a probe
    present."""
    return ONLINE if is_present(now - one.taken_ms, interval_ms) else OFFLINE


def device(base: str, board: Mapping[str, Any]) -> dict[str, Any]:
    """A board as Home Assistant's device."""
    found = {
        "identifiers": [f"{plain(base)}_{plain(board['id'])}"],
        "name": board["alias"] or board["name"] or board["id"],
        "manufacturer": "TempHub",
        "model": board["model"] or "probe",
    }
    return {**found, "sw_version": board["version"]} if board["version"] else found


def config(base: str, hub: str, probe: dict[str, Any], board: dict[str, Any]) -> bytes:
    """What Home Assistant makes a sensor of. probe, board: rows of `Reader.probes()`; several sensors share a
    board's device."""
    probe_id, own = probe["id"], probe["id"].partition(":")[2]
    return json.dumps(
        {
            "name": probe["alias"] if own and probe["alias"] else f"Temperature {own}".strip(),
            "unique_id": f"{plain(base)}_{plain(probe_id)}",
            "state_topic": state_topic(base, probe_id),
            # Null comes out as None, which is the one word that makes a sensor unknown; any other leaves its
            # last number standing.
            "value_template": "{{ value_json.temperature_c }}",
            # Should nobody be left to say that the probe is gone: Home Assistant then finds out by itself.
            "expire_after": (fresh_ms(probe["interval_ms"] or 0) + EXPIRES_LATER_MS) // 1000,
            "json_attributes_topic": state_topic(base, probe_id),
            "availability": [{"topic": hub_topic(base, hub)}, {"topic": presence_topic(base, probe_id)}],
            "availability_mode": "all",
            "device_class": "temperature",
            "state_class": "measurement",
            "unit_of_measurement": "°C",
            "suggested_display_precision": 2,
            "device": device(base, board),
            "origin": {"name": ORIGIN},
        }
    ).encode()


def alarm_topic(base: str, probe_id: str) -> str:
    """Whether something is the matter with a probe."""
    return f"{base}/{probe_id}/alarm"


def hub_alarm_topic(base: str, hub: str) -> str:
    """The same of all that a hub knows."""
    return f"{base}/alarms/{hub}"


def alarm_config_topic(base: str, name: str) -> str:
    """Where Home Assistant looks for what there is."""
    return f"{DISCOVERY}/binary_sensor/{plain(base)}/{plain(name)}/config"


def alarm_messages(
    base: str, hub: str, probes: Mapping[str, Mapping[str, Any]], alarms: Sequence[Alarm]
) -> dict[str, bytes]:
    """What is to stand at the broker, by topic. probes: those that are passed on, rows of `Reader.probes()`
    by id; alarms: live ones."""
    active = [alarm for alarm in alarms if not alarm.cleared_ms and not alarm.past]
    ids = {row["no"]: probe_id for probe_id, row in probes.items()}
    of: dict[str, list[Alarm]] = {probe_id: [] for probe_id in probes}
    for alarm in active:
        several = [ids.get(no, "") for no in alarm.body.get("probes", [])]
        for probe_id in several or [alarm.probe_id]:
            if probe_id in of:
                of[probe_id].append(alarm)
    told = {
        hub_alarm_topic(base, hub): alarm_message(active),
        alarm_config_topic(base, f"hub {hub}"): alarm_hub_config(base, hub),
    }
    for probe_id, row in probes.items():
        told[alarm_topic(base, probe_id)] = alarm_message(of[probe_id])
        told[alarm_config_topic(base, probe_id)] = alarm_probe_config(
            base, hub, row, probes.get(board_of(probe_id), row)
        )
    return told


def alarm_message(active: Sequence[Alarm]) -> bytes:
    """How things stand: `active` with the worst of the alarms, that which began last if there are several."""
    about: dict[str, Any] = {"active": bool(active), "count": len(active)}
    if active:
        worst = max(active, key=lambda one: (one.severity == "critical", one.since_ms))
        about |= {
            "number": worst.no,
            "severity": worst.severity,
            "cause": worst.cause,
            "limit_c": worst.limit_c,
            "worst_c": worst.worst_c,
            "since": iso_utc(worst.since_ms),
            "acknowledged": all(one.acked_ms for one in active),
        }
    return json.dumps(about).encode()


def alarm_probe_config(base: str, hub: str, probe: Mapping[str, Any], board: Mapping[str, Any]) -> bytes:
    """What Home Assistant makes a binary sensor of, on the device of the probe's board."""
    own = probe["id"].partition(":")[2]
    name = f"Alarm {probe['alias'] or own}" if own else "Alarm"
    return _alarm_config(
        base,
        hub,
        name,
        f"{plain(base)}_{plain(probe['id'])}",
        alarm_topic(base, probe["id"]),
        device(base, board),
    )


def alarm_hub_config(base: str, hub: str) -> bytes:
    """The same of the hub."""
    name = f"{plain(base)}_hub_{plain(hub)}"
    device = {"identifiers": [name], "name": "TempHub", "manufacturer": "TempHub", "model": "hub"}
    return _alarm_config(base, hub, "Alarm", name, hub_alarm_topic(base, hub), device)


def _alarm_config(
    base: str, hub: str, name: str, unique: str, topic: str, device: Mapping[str, Any]
) -> bytes:
    return json.dumps(
        {
            "name": name,
            "unique_id": f"{unique}_alarm",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value_json.active else 'OFF' }}",
            "json_attributes_topic": topic,
            "availability": [{"topic": hub_topic(base, hub)}],
            "device_class": "problem",
            "device": device,
            "origin": {"name": ORIGIN},
        }
    ).encode()
