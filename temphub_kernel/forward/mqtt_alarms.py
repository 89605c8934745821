"""What MQTT tells of alarms: for each probe and for the hub, as JSON, and as a binary sensor for Home
Assistant. Plain data, any thread.

An alarm of several probes at once stands at each of them. That a probe is silent is told while the probe is
unavailable: it hangs on the hub alone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..core import board_of, iso_utc
from ..journal import Alarm
from . import topics


def alarm_topic(base: str, probe_id: str) -> str:
    """Whether something is the matter with a probe."""
    return f"{base}/{probe_id}/alarm"


def hub_alarm_topic(base: str, hub: str) -> str:
    """The same of all that a hub knows."""
    return f"{base}/alarms/{hub}"


def alarm_config_topic(base: str, name: str) -> str:
    """Where Home Assistant looks for what there is."""
    return f"{topics.DISCOVERY}/binary_sensor/{topics.plain(base)}/{topics.plain(name)}/config"


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
        hub_alarm_topic(base, hub): message(active),
        alarm_config_topic(base, f"hub {hub}"): hub_config(base, hub),
    }
    for probe_id, row in probes.items():
        told[alarm_topic(base, probe_id)] = message(of[probe_id])
        told[alarm_config_topic(base, probe_id)] = probe_config(
            base, hub, row, probes.get(board_of(probe_id), row)
        )
    return told


def message(active: Sequence[Alarm]) -> bytes:
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


def probe_config(base: str, hub: str, probe: Mapping[str, Any], board: Mapping[str, Any]) -> bytes:
    """What Home Assistant makes a binary sensor of, on the device of the probe's board."""
    own = probe["id"].partition(":")[2]
    name = f"Alarm {probe['alias'] or own}" if own else "Alarm"
    return _config(
        base,
        hub,
        name,
        f"{topics.plain(base)}_{topics.plain(probe['id'])}",
        alarm_topic(base, probe["id"]),
        topics.device(base, board),
    )


def hub_config(base: str, hub: str) -> bytes:
    """The same of the hub."""
    name = f"{topics.plain(base)}_hub_{topics.plain(hub)}"
    device = {"identifiers": [name], "name": "TempHub", "manufacturer": "TempHub", "model": "hub"}
    return _config(base, hub, "Alarm", name, hub_alarm_topic(base, hub), device)


def _config(base: str, hub: str, name: str, unique: str, topic: str, device: Mapping[str, Any]) -> bytes:
    return json.dumps(
        {
            "name": name,
            "unique_id": f"{unique}_alarm",
            "state_topic": topic,
            "value_template": "{{ 'ON' if value_json.active else 'OFF' }}",
            "json_attributes_topic": topic,
            "availability": [{"topic": topics.hub_topic(base, hub)}],
            "device_class": "problem",
            "device": device,
            "origin": {"name": topics.ORIGIN},
        }
    ).encode()
