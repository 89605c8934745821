"""Who was ever met, and in which order people see them. Source's thread."""

import json
import threading
from typing import Any, NamedTuple

from ...core import LookAlikes, board_of, called, natural, transient
from ...journal import Kept, Newest, Reader, Told

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
    one first; newest: readings; colours: places in the palette; alike: what a probe could be taken for;
    numbers: the ids by the journal's numbers; now_is: the probe that an id counts as now."""

    everybody: dict[str, Record]
    removed: list[Record]
    newest: dict[str, Newest]
    gone: frozenset[str]
    records: dict[str, Record]
    colours: dict[str, int]
    alike: dict[str, str]
    numbers: dict[int, str]
    now_is: dict[str, str]

    @property
    def intervals(self) -> dict[str, Any]:
        """What each was last told, in ms."""
        return {id_: record["interval_ms"] for id_, record in self.records.items()}


class Roster:
    """All that the journal knows of probes, kept from one look to the next: of thousands only what changed is
    made anew. One for all that is read of a journal; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forget(())

    def _forget(self, file: tuple[int, ...]) -> None:
        """Know nothing yet, of this file."""
        self._file = file
        # As the journal told them last, and what was made of that.
        self._rows, self._newest = Kept(), Told()
        self._stored: list[Record] = []
        self._everybody: dict[str, Record] = {}
        self._removed: list[Record] = []
        # What else a record is made of: how boards stand (as noted, and read), and a mark of all imports.
        self._stand: tuple[str, dict[str, str]] = "", {}
        self._mark: object = None
        self._away: frozenset[str] = frozenset()
        self._records: dict[str, Record] = {}
        # In the order of their keys, by which people see them.
        self._order: list[str] = []
        self._keys: dict[str, tuple[Any, ...]] = {}
        self._look_alikes = LookAlikes()
        self._colours: dict[str, int] = {}
        self._alike: dict[str, str] = {}
        self._numbers: dict[int, str] = {}
        self._now_is: dict[str, str] = {}

    def met(self, reader: Reader, now_ms: int) -> Met:
        """All of them now."""
        with self._lock:
            if reader.file != self._file:
                self._forget(reader.file)
            before = self._everybody
            # Whatever of it fails, nothing that changed is taken for known.
            with reader.at_once():
                newest = {item.probe_id: item for item in reader.newest(kept=self._newest)}
                changed = self._bring_up(reader)
            everybody = self._everybody
            gone = frozenset(transient(everybody.values(), newest, now_ms))
            last = sorted(gone, key=lambda id_: (-_heard_ms(everybody[id_], newest.get(id_)), id_))
            away = gone - set(last[:MOST_FOLDED])
            moved = self._arrange(before, changed)
            if moved or away != self._away:
                self._records = {id_: everybody[id_] for id_ in self._order if id_ not in away}
                found = self._look_alikes.of(self._records.values())
                alike = {id_: called(self._records[other]) for id_, other in found.items()}
                self._alike = self._alike if alike == self._alike else alike
            elif changed:
                # A new one: who was given the last keeps that.
                self._records = self._records | {
                    id_: everybody[id_] for id_ in changed if id_ in self._records
                }
            self._away = away
            of_all = self._colours, self._alike, self._numbers, self._now_is
            return Met(everybody, self._removed, newest, gone, self._records, *of_all)

    def _bring_up(self, reader: Reader) -> list[str]:
        """Bring everybody up to now: who is known otherwise than before, is new, or is no more."""
        stored = reader.probes(removed=True, kept=self._rows)
        text, brought = reader.note_text("trust"), Imports(reader)
        had = self._stand[1]
        stand = had if text == self._stand[0] else json.loads(text or "{}")
        news = self._news(stored, stand) if brought.mark == self._mark else stored
        self._stand, self._mark = (text, stand), brought.mark
        if not news and len(stored) == len(self._stored):
            self._stored = stored
            return []
        before, everybody = self._everybody, dict(self._everybody) if news is not stored else {}
        for one in news:
            if one["removed_ms"]:
                everybody.pop(one["id"], None)
                continue
            # All sensors of a board share its key.
            record = {**one, "trust": stand.get(board_of(one["device"])), **brought.beside(one)}
            known = before.get(one["id"])
            everybody[one["id"]] = known if known == record and known is not None else record
        gone = [one for one in stored if one["removed_ms"]]
        self._removed = sorted(gone, key=lambda one: -int(one["removed_ms"]))
        self._stored, self._everybody = stored, everybody
        some = before.keys() | everybody.keys() if news is stored else [one["id"] for one in news]
        return [id_ for id_ in some if everybody.get(id_) is not before.get(id_)]

    def _news(self, stored: list[Record], stand: dict[str, str]) -> list[Record]:
        """Those of which the journal says something else than before, or whose board stands otherwise; all
        where they are others than before."""
        if len(stored) != len(self._stored):
            return stored
        pairs, had = list(zip(stored, self._stored, strict=True)), self._stand[1]
        if not all(one is before or one["id"] == before["id"] for one, before in pairs):
            return stored
        other = {board for board in stand.keys() | had.keys() if stand.get(board) != had.get(board)}
        if not other:
            return [one for one, before in pairs if one is not before]
        return [one for one, before in pairs if one is not before or board_of(one["device"]) in other]

    def _arrange(self, before: dict[str, Record], changed: list[str]) -> bool:
        """Put everybody in order; whether any is called or placed otherwise, is new, or is no more."""
        everybody = self._everybody
        was, now = ({id_: _place(of[id_]) for id_ in changed if id_ in of} for of in (before, everybody))
        if was == now:
            return False
        self._keys = {id_: key for id_, key in self._keys.items() if id_ in everybody}
        self._keys |= {id_: (order(everybody[id_]), id_) for id_ in now}
        # Of thousands most stand where they stood, so that little is to be sorted.
        there = [id_ for id_ in self._order if id_ in everybody]
        self._order = sorted([*there, *(now.keys() - was.keys())], key=self._keys.__getitem__)
        if {id_: one[:2] for id_, one in was.items()} != {id_: one[:2] for id_, one in now.items()}:
            # By first meeting: a new probe never takes another one's colour away.
            by_meeting = sorted(everybody, key=lambda id_: (everybody[id_]["first_ms"], id_))
            self._colours = {id_: place for place, id_ in enumerate(by_meeting)}
        # Other ones, for who goes by what they are called.
        self._numbers = {record["no"]: id_ for id_, record in everybody.items()}
        self._now_is = {also: id_ for id_, record in everybody.items() for also in record["also"]}
        return True


def _place(record: Record) -> tuple[Any, ...]:
    """Who is who, and what order, colours and likeness hang on."""
    return *(record[name] for name in ("no", "first_ms", "alias", "name", "group", "place")), *record["also"]


def _heard_ms(record: Record, newest: Newest | None) -> int:
    return max(int(record["first_ms"]), int(record["seen_ms"]), newest.delivered_ms if newest else 0)


def order(record: Record) -> tuple[Any, ...]:
    """By group, then by the place somebody gave it, then by name as people count: 1, 2, 10."""
    name = str(record.get("alias") or record["name"] or record["id"])
    return natural(str(record.get("group") or "")), int(record.get("place") or UNPLACED), natural(name)
