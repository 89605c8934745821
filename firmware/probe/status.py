"""What GET /status tells: all that is worth knowing about a probe from afar."""

import gc

from probe.reading import Celsius


def status(state):
    """The body of GET /status. The token itself is never in it."""
    units, quality, taken = state.last or (None, "missing", None)
    now = state.clock.now()
    told = {
        "id": state.identity["id"],
        "last_c": None if units is None else Celsius(units),
        "quality": quality,
        "age_ms": None if taken is None else now - taken,
        "interval_ms": state.settings.interval_ms,
        "server_url": state.settings.server_url,
        "token_set": bool(state.settings.token),
        "needs_provision": state.unwelcome or not state.settings.server_url,
        "outbox": len(state.outbox),
        "thinned": state.outbox.thinned,
        "dropped": state.dropped,
        "delivered": state.delivered,
        "uptime_s": now // 1000,
        "sent_ms": now,
        "last_error": state.last_error or state.outbox.problem,
        "boot": state.identity["boot"],
        "version": state.identity["version"],
        "model": state.identity["model"],
    }
    told.update(state.seal.report())
    if state.update:
        told["update"] = state.update.report()
    if state.dropped_why:
        told["dropped_why"] = state.dropped_why
    if state.outbox.spilled:
        told["on_flash"] = state.outbox.spilled
    if state.sensors:
        told["sensors"] = state.sensors.status(state.identity["id"])
    for report in state.reports:
        told.update(report())
    # Only MicroPython knows it; without collecting first it would count garbage as used.
    if hasattr(gc, "mem_free"):
        gc.collect()
        told["heap_free"] = gc.mem_free()
    return told
