"""What people call their probes, and which probe they mean by a name. An id always wins; ids stay beside names. Any thread; pure.

A probe here is a mapping with its `id`, and where known `alias` (a person's name for it), `name` (its own), `removed_ms`,
and `also` (the ids that count as it).
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .errors import Conflict

Probe = Mapping[str, Any]
MOST_NAMED = 12


def shown(probe: Probe) -> str:
    """The probe's name as every list shows it: the person's, else its own, else the id."""
    return str(probe.get("alias") or probe.get("name") or probe["id"])


def called(probe: Probe) -> str:
    """The name that people know it by, its id behind: `Cellar (TempProbe-0096)`."""
    name = shown(probe)
    return f"{name} ({probe['id']})" if name != probe["id"] else name


def titles(probes: Iterable[Probe]) -> dict[str, str]:
    """What to write for each id: its name, with the id in brackets where that name could mean another probe too. No two are alike."""
    probes = list(probes)
    names = {str(probe["id"]): shown(probe) for probe in probes}
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
    """The id of the probe that `text` means; None for none. A probe that was removed answers to its own id only.

    Raises TempHubError (409) for a name that several probes have, naming their ids.
    """
    for probe in probes:
        if probe["id"] == text or text in probe.get("also", ()):
            return str(probe["id"])
    listed = [probe for probe in probes if not probe.get("removed_ms")]
    title = {id_: _plain(name) for id_, name in titles(listed).items()}
    found = [id_ for id_, name in title.items() if name == _plain(text)]
    found = found or [str(probe["id"]) for probe in listed if shown(probe) != probe["id"] and _plain(shown(probe)) == _plain(text)]
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} probes are called {text[:80]!r}, so it is not clear which one is meant.",
            f"Give the id: {', '.join(found[:MOST_NAMED])}{' …' if len(found) > MOST_NAMED else ''}.",
            code="ambiguous_probe",
        )
    return found[0] if found else None


def counted_as(probes: Iterable[Probe], probe_id: str) -> str:
    """The id that a probe's readings are listed under: its own, unless it counts as another one."""
    return next((str(probe["id"]) for probe in probes if probe_id in probe.get("also", ())), probe_id)


def in_words(probes: Sequence[Probe]) -> str:
    """The probes that can be named, each as `id (name)`, for a remedy."""
    known = [str(probe["id"]) + (f" ({shown(probe)})" if shown(probe) != probe["id"] else "") for probe in probes]
    return ", ".join(known[:MOST_NAMED]) + (" …" if len(known) > MOST_NAMED else "")


def _plain(text: str) -> str:
    """Names that look alike are one: whatever their case, spaces and form in Unicode, and signs that nobody sees."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen).casefold().split())
