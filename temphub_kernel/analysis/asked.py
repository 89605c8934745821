"""Which probes an analyst means. Any thread."""

from collections.abc import Sequence

from ..base.errors import TempHubError


def asked_probes(known: Sequence[str], probe: str | Sequence[str] | None) -> list[str] | None:
    """The probes meant; None for all. Raises TempHubError (404) for one that is not known."""
    if probe is None:
        return None
    asked = [probe] if isinstance(probe, str) else list(dict.fromkeys(probe))
    for one in asked:
        if one not in known:
            raise TempHubError(
                f"No probe {one!r} is in the journal, so there is nothing to load.",
                f"Use one of the probes it knows: {', '.join(known)}." if known else "Wait for a probe's first reading, then load again.",
                code="unknown_probe",
                status=404,
            )
    return asked
