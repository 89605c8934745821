"""Who was ever met, and in which order people see them. Source's thread."""

from typing import Any, NamedTuple

from ...core import board_of, natural, transient
from ...journal import Newest, Reader
from .imports import Imports

# One that nobody gave a place comes after those with one.
UNPLACED = 1_000_000
# Of ids that came and went, and of removed probes, so many are shown to who asks for them, the last ones.
MOST_FOLDED = 50
Record = dict[str, Any]


class Met(NamedTuple):
    """Who was ever met, by id. everybody: all that nobody removed; gone: those of them that came once and did
    not come back; records: the others, and the last of those; removed: the last one first; newest: readings;
    colours: places in the palette."""

    everybody: dict[str, Record]
    removed: list[Record]
    newest: dict[str, Newest]
    gone: frozenset[str]
    records: dict[str, Record]
    colours: dict[str, int]

    @property
    def intervals(self) -> dict[str, Any]:
        """What each was last told, in ms."""
        return {id_: record["interval_ms"] for id_, record in self.records.items()}


def met_by(reader: Reader, now_ms: int) -> Met:
    """All that the journal knows."""
    _, stand = reader.note("trust")
    known, brought = reader.probes(removed=True), Imports(reader)
    # All sensors of a board share its key.
    everybody = {
        one["id"]: {**one, "trust": stand.get(board_of(one["device"])), **brought.beside(one)}
        for one in known
        if not one["removed_ms"]
    }
    removed = sorted((one for one in known if one["removed_ms"]), key=lambda one: -int(one["removed_ms"]))
    newest = {item.probe_id: item for item in reader.newest()}
    gone = frozenset(transient(everybody.values(), newest, now_ms))
    last = sorted(gone, key=lambda id_: (-_heard_ms(everybody[id_], newest.get(id_)), id_))[:MOST_FOLDED]
    records = {id_: record for id_, record in everybody.items() if id_ not in gone or id_ in last}
    # By first meeting: a new probe never takes another one's colour away.
    by_meeting = sorted(everybody, key=lambda id_: (everybody[id_]["first_ms"], id_))
    return Met(
        everybody, removed, newest, gone, records, {id_: place for place, id_ in enumerate(by_meeting)}
    )


def _heard_ms(record: dict[str, Any], newest: Newest | None) -> int:
    return max(int(record["first_ms"]), int(record["seen_ms"]), newest.delivered_ms if newest else 0)


def order(record: dict[str, Any]) -> tuple[Any, ...]:
    """By group, then by the place somebody gave it, then by name as people count: 1, 2, 10."""
    name = str(record.get("alias") or record["name"] or record["id"])
    return natural(str(record.get("group") or "")), int(record.get("place") or UNPLACED), natural(name)
