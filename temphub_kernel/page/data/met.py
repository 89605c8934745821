"""Who was ever met, and in which order people see them. Source's thread."""

import threading
from typing import Any, NamedTuple

from ...core import board_of, called, look_alikes, natural, transient
from ...journal import Newest, Reader

# One that nobody gave a place comes after those with one.
UNPLACED = 1_000_000
# Of ids that came and went, and of removed probes, so many are shown to who asks for them, the last ones.
MOST_FOLDED = 50
Record = dict[str, Any]


class Brought(NamedTuple):
    """An import as its probe's row tells it. name: of the file; made_ms: when."""

    readings: int
    name: str
    made_ms: int


class Imports:
    """What was brought in from elsewhere and counts, the latest first; read once for all probes. mark:
    another one where that is something else."""

    def __init__(self, reader: Reader) -> None:
        self._found = [one for one in reversed(reader.imports()) if not one.undone_ms]
        self.mark = tuple(one.no for one in self._found)

    def beside(self, record: Record) -> dict[str, list[Brought]]:
        """For the record of a probe: `imports` of it and of the ids that count as it."""
        ids = (record["id"], *record["also"])
        found = [(one, id_) for one in self._found for id_ in ids if id_ in one.probes]
        return {"imports": [Brought(one.probes[id_], one.name, one.made_ms) for one, id_ in found]}


class Met(NamedTuple):
    """Who was ever met, by id. everybody: all that nobody removed; gone: those of them that came once and did
    not come back; records: the others, and the last of those, as people see them in order; removed: the last
    one first; newest: readings; colours: places in the palette; alike: what a probe could be taken for."""

    everybody: dict[str, Record]
    removed: list[Record]
    newest: dict[str, Newest]
    gone: frozenset[str]
    records: dict[str, Record]
    colours: dict[str, int]
    alike: dict[str, str]

    @property
    def intervals(self) -> dict[str, Any]:
        """What each was last told, in ms."""
        return {id_: record["interval_ms"] for id_, record in self.records.items()}


class Roster:
    """All that the journal knows of probes, kept from one look to the next: of thousands only what changed is
    made anew. One for all that is read of a journal; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # As the journal told them last, and what was made of that.
        self._rows: dict[int, tuple[tuple[Any, ...], Record]] = {}
        self._made: dict[str, tuple[Record, object, Record]] = {}
        self._places: dict[str, tuple[Any, ...]] = {}
        self._newest: dict[str, Newest] = {}
        self._order: list[str] = []
        self._colours: dict[str, int] = {}
        self._alike: tuple[frozenset[str], dict[str, str]] = frozenset(), {}

    def met(self, reader: Reader, now_ms: int) -> Met:
        """All of them now."""
        with self._lock:
            known = reader.probes(removed=True, kept=self._rows)
            everybody, moved = self._records(reader, known)
            removed = sorted(
                (one for one in known if one["removed_ms"]), key=lambda one: -int(one["removed_ms"])
            )
            newest = {item.probe_id: item for item in reader.newest(kept=self._newest)}
            self._newest = newest
            gone = frozenset(transient(everybody.values(), newest, now_ms))
            last = sorted(gone, key=lambda id_: (-_heard_ms(everybody[id_], newest.get(id_)), id_))
            away = gone - set(last[:MOST_FOLDED])
            if moved:
                self._arrange(everybody)
            records = {id_: everybody[id_] for id_ in self._order if id_ not in away}
            if moved or self._alike[0] != away:
                found = look_alikes(records.values())
                self._alike = away, {id_: called(records[other]) for id_, other in found.items()}
            return Met(everybody, removed, newest, gone, records, self._colours, self._alike[1])

    def _records(self, reader: Reader, known: list[Record]) -> tuple[dict[str, Record], bool]:
        """(the record of each by id, whether any is called or placed otherwise than before)."""
        (_, stand), brought = reader.note("trust"), Imports(reader)
        made: dict[str, tuple[Record, object, Record]] = {}
        places: dict[str, tuple[Any, ...]] = {}
        for one in known:
            if one["removed_ms"]:
                continue
            # All sensors of a board share its key.
            id_, beside = one["id"], (stand.get(board_of(one["device"])), brought.mark)
            before = self._made.get(id_)
            if before is not None and before[0] is one and before[1] == beside:
                made[id_], places[id_] = before, self._places[id_]
                continue
            record = {**one, "trust": beside[0], **brought.beside(one)}
            made[id_], places[id_] = (one, beside, record), _place(record)
        moved, self._made, self._places = places != self._places, made, places
        return {id_: record for id_, (_, _, record) in made.items()}, moved

    def _arrange(self, everybody: dict[str, Record]) -> None:
        self._order = sorted(everybody, key=lambda id_: order(everybody[id_]))
        # By first meeting: a new probe never takes another one's colour away.
        by_meeting = sorted(everybody, key=lambda id_: (everybody[id_]["first_ms"], id_))
        self._colours = {id_: place for place, id_ in enumerate(by_meeting)}


def _place(record: Record) -> tuple[Any, ...]:
    """What order, colours and likeness hang on."""
    return tuple(record[name] for name in ("first_ms", "alias", "name", "group", "place"))


def _heard_ms(record: Record, newest: Newest | None) -> int:
    return max(int(record["first_ms"]), int(record["seen_ms"]), newest.delivered_ms if newest else 0)


def order(record: Record) -> tuple[Any, ...]:
    """By group, then by the place somebody gave it, then by name as people count: 1, 2, 10."""
    name = str(record.get("alias") or record["name"] or record["id"])
    return natural(str(record.get("group") or "")), int(record.get("place") or UNPLACED), natural(name)
