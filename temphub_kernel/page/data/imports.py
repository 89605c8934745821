"""What was brought in from elsewhere, of which probe. Source's thread."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...journal import Reader


class Brought(NamedTuple):
    """An import as its probe's row tells it. name: of the file; made_ms: when."""

    readings: int
    name: str
    made_ms: int


class Imports:
    """What counts, the latest first; read once for all probes."""

    def __init__(self, reader: Reader) -> None:
        self._found = [one for one in reversed(reader.imports()) if not one.undone_ms]

    def beside(self, record: Mapping[str, Any]) -> dict[str, list[Brought]]:
        """For the record of a probe: `imports` of it and of the ids that count as it."""
        ids = (record["id"], *record["also"])
        found = [(one, id_) for one in self._found for id_ in ids if id_ in one.probes]
        return {"imports": [Brought(one.probes[id_], one.name, one.made_ms) for one, id_ in found]}
