"""What people call their probes, ids that look alike, and ids that came once and went. Any thread."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import nsmallest
from typing import Any, Protocol

from . import clock, errors

Probe = Mapping[str, Any]
MOST_NAMED = 12
# What joins letters in Persian, and signs to one emoji.
JOINERS = "\u200c\u200d"
BREAKS = re.compile(r"\s*[\t-\r\x1c-\x1f\x85\u2028\u2029]\s*")


def shown_name(probe: Probe) -> str:
    """The probe's name as every list shows it: the person's, else its own, else the id."""
    return str(probe.get("alias") or probe.get("name") or probe["id"])


def called(probe: Probe) -> str:
    """The name that people know it by, its id behind: `Cellar (TempProbe-0096)`."""
    name = shown_name(probe)
    return f"{name} ({probe['id']})" if name != probe["id"] else name


def one_line(name: str) -> str:
    """A name as it is kept. One copied from a cell or a letter may bring tabs and line breaks along, and with
    these a line of a log, the title of a message or a row of a file would end in the middle of it."""
    return BREAKS.sub(" ", name).strip()


def printable(text: str) -> bool:
    """Whether a text is one line of signs that show. Other than with str.isprintable every space is one that
    people type, and so is what joins letters and emoji."""
    return text.isprintable() or all(
        sign.isprintable() or sign in JOINERS or unicodedata.category(sign) == "Zs" for sign in text
    )


@lru_cache(maxsize=16_384)  # a wall screen sorts by it each second, as many probes as a hub has
def natural(name: str) -> tuple[str | int, ...]:
    """To sort names by as people do: `Fridge 2` before `Fridge 10`."""
    parts = re.split(r"(\d+)", name.casefold())
    # Texts and numbers take turns, so that only like is compared with like.
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts))


def titles(probes: Iterable[Probe]) -> dict[str, str]:
    """What to write for each id: its name, with the id in brackets where that name could mean another probe
    too. No two are alike."""
    probes = list(probes)
    names = {str(probe["id"]): shown_name(probe) for probe in probes}
    gone = {str(probe["id"]) for probe in probes if probe.get("removed_ms")}
    # A probe that was removed does not take its name away from the one that came after it.
    alike = Counter(_plain(name) for id_, name in names.items() if id_ not in gone)
    # Another probe's id as a name would be taken for that probe.
    alike.update(_plain(id_) for id_, name in names.items() if name != id_)
    alone = {id_: name == id_ or alike[_plain(name)] == (id_ not in gone) for id_, name in names.items()}
    wanted = {id_: name if alone[id_] else f"{name} ({id_})" for id_, name in names.items()}
    twice = Counter(wanted.values())
    return {id_: title if twice[title] == 1 else f"{title} ({id_})" for id_, title in wanted.items()}


def named(probes: Sequence[Probe], text: str) -> str | None:
    """The id of the probe that `text` means; None for none. A probe that was removed answers to its own id
    only.

    Raises TempHubError (409) for a name that several probes have, naming their ids.
    """
    for probe in probes:
        if probe["id"] == text or text in probe.get("also", ()):
            return str(probe["id"])
    listed = [probe for probe in probes if not probe.get("removed_ms")]
    title = {id_: _plain(name) for id_, name in titles(listed).items()}
    found = [id_ for id_, name in title.items() if name == _plain(text)]
    named_so = ((str(probe["id"]), shown_name(probe)) for probe in listed)
    found = found or [id_ for id_, name in named_so if name != id_ and _plain(name) == _plain(text)]
    if len(found) > 1:
        raise errors.Conflict(
            f"{len(found)} probes are called {text[:80]!r}, so it is not clear which one is meant.",
            f"Give the id: {', '.join(found[:MOST_NAMED])}{' …' if len(found) > MOST_NAMED else ''}.",
            code="ambiguous_probe",
        )
    return found[0] if found else None


def counted_as(probes: Iterable[Probe], probe_id: str) -> str:
    """The id that a probe's readings are listed under: its own, unless it counts as another one."""
    return next((str(probe["id"]) for probe in probes if probe_id in probe.get("also", ())), probe_id)


def list_of_names(probes: Sequence[Probe]) -> str:
    """The probes that can be named, each as `id (name)`, for a remedy."""
    known = [
        str(probe["id"]) + (f" ({shown_name(probe)})" if shown_name(probe) != probe["id"] else "")
        for probe in probes
    ]
    return ", ".join(known[:MOST_NAMED]) + (" …" if len(known) > MOST_NAMED else "")


def _plain(text: str) -> str:
    """Names that look alike are one: whatever their case, spaces and form in Unicode, and signs that nobody
    sees."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())


# Signs that look like a letter, a digit or a hyphen of ASCII, from the table confusables.txt of Unicode's UTS
# #39 (security mechanisms): Latin, Greek, Cyrillic, Armenian and the dashes. Full-width, mathematical and
# superscript forms are taken care of by NFKC.
ALIKE = {
    "2": "\u01a7\u03e8",
    "3": "\u01b7\u021c\u0417\u04e0",
    "5": "\u01bc",
    "6": "\u0431",
    "8": "\u0222\u0223",
    "a": "\u0251\u03b1\u0430",
    "b": "\u0184\u042c",
    "c": "\u03f2\u0441\u1d04",
    "d": "\u0501",
    "e": "\u0435\u04bd",
    "f": "\u0584\u1e9d",
    "g": "\u018d\u0261\u0581\u1d83",
    "h": "\u04bb\u0570",
    "i": "\u0131\u0269\u026a\u037a\u03b9\u0456\u04cf\u1fbe",
    "j": "\u03f3\u0458",
    "l": "\u0196\u01c0\u0399\u0406\u04c0",
    "n": "\u0578\u057c",
    "o": "\u03bf\u03c3\u043e\u0585\u1d0f\u1d11",
    "p": "\u03c1\u03f1\u0440",
    "q": "\u051b\u0563\u0566",
    "r": "\u0433\u1d26",
    "s": "\u01bd\u0455",
    "u": "\u028b\u03c5\u057d\u1d1c",
    "v": "\u03bd\u0475\u1d20",
    "w": "\u026f\u0461\u051d\u0561\u1d21",
    "x": "\u0445",
    "y": "\u0263\u028f\u03b3\u0443\u04af\u1d8c\u1eff",
    "z": "\u1d22",
    "A": "\u0391\u0410",
    "B": "\u0392\u0412",
    "C": "\u03f9\u0421",
    "E": "\u0395\u0415",
    "F": "\u03dc",
    "G": "\u050c",
    "H": "\u0397\u041d",
    "J": "\u037f\u0408",
    "K": "\u039a\u041a",
    "M": "\u039c\u03fa\u041c",
    "N": "\u039d",
    "O": "\u039f\u041e\u0555",
    "P": "\u03a1\u0420",
    "R": "\u01a6",
    "S": "\u0405\u054f",
    "T": "\u03a4\u0422",
    "U": "\u054d",
    "V": "\u0474",
    "W": "\u051c",
    "X": "\u03a7\u0425",
    "Y": "\u03a5\u03d2\u0423\u04ae",
    "Z": "\u0396",
    "-": "\u2010\u2011\u2012\u2013\u2043\u2212",
}
# The same table's, within ASCII: what is left stands for all that looks like it.
_SKELETON = str.maketrans({"0": "O", "1": "l", "I": "l", "|": "l", "m": "rn"})
_PROTOTYPE = str.maketrans({sign: letter for letter, signs in ALIKE.items() for sign in signs})
# A sign at the end that is overlooked.
ENDS = " ._:-"


def look_alikes(probes: Iterable[Probe]) -> dict[str, str]:
    """{id: the id of the probe that it can be taken for}, of those that look alike by id or name; of several
    the one that came first."""
    return LookAlikes().of(probes)


class LookAlikes:
    """The same for who asks again: of thousands only those are looked at that are called otherwise than
    before, and whom they looked like or look like now. One thread at a time."""

    def __init__(self) -> None:
        # (when it was first met, its name) by id; by what they have in common, when each was first met, and
        # the first two of those that are several.
        self._known: dict[str, tuple[int, str]] = {}
        self._groups: dict[str, dict[str, int]] = {}
        self._first: dict[str, list[tuple[int, str]]] = {}
        self._found: dict[str, str] = {}

    def of(self, probes: Iterable[Probe]) -> dict[str, str]:
        """See look_alikes. Nobody changes what is given."""
        before = self._known
        self._known = {
            str(probe["id"]): (int(probe.get("first_ms") or 0), shown_name(probe)) for probe in probes
        }
        gone = [id_ for id_, one in before.items() if self._known.get(id_) != one]
        come = [id_ for id_, one in self._known.items() if before.get(id_) != one]
        touched = {key for id_ in gone for key in _keys(id_, before[id_][1])}
        for id_ in gone:
            for key in _keys(id_, before[id_][1]):
                del self._groups[key][id_]
        for id_ in come:
            for key in _keys(id_, self._known[id_][1]):
                self._groups.setdefault(key, {})[id_] = self._known[id_][0]
                touched.add(key)
        if touched:
            self._found = self._looked(touched, gone)
        return self._found

    def _looked(self, touched: set[str], gone: Iterable[str]) -> dict[str, str]:
        """What was found, with what the members of these groups look like now."""
        again = set(gone)
        for key in touched:
            members = self._groups[key]
            again.update(members)
            self._first.pop(key, None)
            if len(members) > 1:
                self._first[key] = nsmallest(2, ((first_ms, id_) for id_, first_ms in members.items()))
            if not members:
                del self._groups[key]
        found = {id_: other for id_, other in self._found.items() if id_ not in again}
        for id_ in again & self._known.keys():
            pairs = [self._first[key] for key in _keys(id_, self._known[id_][1]) if key in self._first]
            if pairs:
                found[id_] = min(second if id_ == first[1] else first for first, second in pairs)[1]
        return dict(sorted(found.items()))


def _keys(id_: str, name: str) -> frozenset[str]:
    return skeletons(id_) | skeletons(name)


@lru_cache(maxsize=65_536)  # pages ask again each second, for as many probes as a hub has
def skeletons(text: str) -> frozenset[str]:
    """What texts that look like this one have in common: one key as it is written, one whatever its case."""
    seen = text
    if not text.isascii():
        seen = "".join(
            sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf"
        ).translate(_PROTOTYPE)
    seen = " ".join(seen.split()).rstrip(ENDS)
    return frozenset({seen.translate(_SKELETON), seen.casefold().translate(_SKELETON).casefold()})


# Who delivered so often is there to stay, however long it has been silent: that it is silent must be seen.
ENOUGH_READINGS = 10
QUIET_MS = clock.HOUR_MS
# A slow probe is given so many of its own intervals.
MISSED = 10
# Nobody unpacks so many new probes without a name at once; then a new id has to come twice to be shown, and
# is given a minute.
CROWD = 200
CROWD_QUIET_MS = clock.MINUTE_MS


class Delivered(Protocol):
    """What is known of a probe's readings: how many, and when the last one came in."""

    @property
    def readings(self) -> int: ...
    @property
    def delivered_ms(self) -> int: ...


def transient(probes: Iterable[Probe], delivered: Mapping[str, Delivered], now_ms: int) -> set[str]:
    """The ids that nobody named, that hold no key, that no advert stands for, with fewer than ten readings
    and silent for an hour (and ten of their own intervals). Among more than 200 of such a minute is enough,
    who came once is not waited for, and an advert says nothing: anybody on the network can send thousands."""
    # Most have delivered often, and are asked no more.
    strangers = [
        probe
        for probe in probes
        if ((known := delivered.get(probe["id"])) is None or known.readings < ENOUGH_READINGS)
        and _unknown(probe)
    ]
    crowd = len(strangers) > CROWD
    return {
        str(probe["id"])
        for probe in strangers
        if _gone(probe, delivered.get(str(probe["id"])), now_ms, crowd=crowd)
    }


def _unknown(probe: Probe) -> bool:
    """Nobody spoke for it: no person, no key, no device that answered."""
    by_hand = any(probe.get(name) for name in ("alias", "group", "note", "place", "hidden", "also"))
    answered = probe.get("provisioned_ms") or probe.get("trust") not in (None, "plain")
    return not by_hand and not answered


def _gone(probe: Probe, known: Delivered | None, now_ms: int, *, crowd: bool) -> bool:
    readings = known.readings if known is not None else 0
    if crowd and readings < 2:
        return True
    if not crowd and probe.get("present") and probe.get("via") == "mdns":
        return False
    # One that is refused is there, and what is wrong with it has to be seen.
    if probe.get("problem") and not crowd:
        return False
    first_ms, delivered_ms = int(probe.get("first_ms") or 0), known.delivered_ms if known is not None else 0
    pace_ms = (delivered_ms - first_ms) // (readings - 1) if readings > 1 else 0
    quiet_ms = max(CROWD_QUIET_MS if crowd else QUIET_MS, MISSED * pace_ms)
    return now_ms - max(delivered_ms, int(probe.get("seen_ms") or 0), first_ms) > quiet_ms
