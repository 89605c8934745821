"""Passing readings on to others: Home Assistant by MQTT, a webhook, and a time-series engine; and
the heartbeat. Off unless their setting is given.

Each follows the journal with a bookmark of its own, so a neighbour that is away delays nobody. The only room
with paho.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..core import Settings, Worker, WorkerState
from ..journal import Writer


def forwarders(settings: Settings, writer: Writer) -> list[Worker]:
    """The workers that the settings ask for; what each needs is imported only then."""
    found: list[Worker] = []
    if settings.mqtt_url:
        from .mqtt import Mqtt

        found.append(Mqtt(settings.mqtt_url, settings.journal_file, writer))
    if settings.webhook_url:
        from .webhook import Webhook

        found.append(Webhook(settings.webhook_url, settings.journal_file, writer))
    if settings.forward_url:
        from .engine.forwarder import forwarding

        found.append(forwarding(settings, writer))
    return found


def forwarded(workers: Sequence[Worker]) -> dict[str, Any]:
    """How far what goes to an engine is, see openapi.yaml; empty where nothing goes to one."""
    for one in workers:
        if callable(report := getattr(one, "report", None)):
            return dict(report())
    return {}


def heartbeats(settings: Settings, states: Callable[[], Sequence[WorkerState]]) -> list[Worker]:
    """What calls HEARTBEAT_URL, where it is set. states: how the hub's parts do."""
    if not settings.heartbeat_url:
        return []
    from .heartbeat import Heartbeat

    return [Heartbeat(settings.heartbeat_url, states, every_s=settings.heartbeat_s)]


__all__ = ["forwarded", "forwarders", "heartbeats"]
