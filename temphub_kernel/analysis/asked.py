"""Which probes an analyst means. Any thread."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..base.errors import NotFound
from ..base.naming import in_words, named


def asked_probes(known: Sequence[Mapping[str, Any]], probe: str | Sequence[str] | None) -> list[str] | None:
    """The ids of the probes meant, each by id or name; None for all. known: as in base.naming.

    Raises TempHubError: 404 for one that is not known, 409 for a name that several have.
    """
    if probe is None:
        return None
    asked: dict[str, None] = {}
    for one in [probe] if isinstance(probe, str) else probe:
        id_ = named(known, one)
        if id_ is None:
            raise NotFound(
                f"No probe {one!r} is in the journal, so there is nothing to load.",
                f"Use one of the probes it knows: {in_words(known)}." if known else "Wait for a probe's first reading, then load again.",
                code="unknown_probe",
            )
        asked[id_] = None
    return list(asked)
