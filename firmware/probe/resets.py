"""Why the probe started, and how often for which reason; kept in the settings file, written once at each
start."""

# Anything else counts as 'other', so that the file cannot grow.
CAUSES = ("power_on", "reset", "watchdog", "soft", "brown_out", "asked", "update", "memory")
CAUSES += ("stuck_sampling", "stuck_delivery", "stuck_network", "started", "other")
_MOST = 1000000


class Resets:
    """Counts this start. `cause` is what the port knows, one of CAUSES; a reason that was saved before the
    restart says more."""

    def __init__(self, settings, cause):
        kept = settings.get("resets")
        kept = kept if isinstance(kept, dict) else {}
        expected = kept.get("expected")
        # The supply's failure is the whole truth, whatever was planned.
        self.cause = (
            _known(expected) if expected and cause not in ("power_on", "brown_out") else _known(cause)
        )
        counts = kept.get("counts")
        counts = counts if isinstance(counts, dict) else {}
        self.counts = {key: counts[key] for key in CAUSES if isinstance(counts.get(key), int)}
        self.counts[self.cause] = min(_MOST, self.counts.get(self.cause, 0) + 1)
        _save(settings, self.counts, None)

    def report(self):
        """For /status: {"reset": cause of this start, "resets": {cause: how often}}"""
        return {"reset": self.cause, "resets": self.counts}


def expect(settings, counts, reason):
    """Note why this start is about to end; best effort. `counts` as report() tells them."""
    _save(settings, counts, _known(reason))


def _save(settings, counts, expected):
    values = {"counts": dict(counts)}
    if expected:
        values["expected"] = expected
    try:
        settings.update({"resets": values})
    except OSError:
        # A full flash must not keep the probe from measuring.
        pass


def _known(cause):
    return cause if cause in CAUSES else "other"
