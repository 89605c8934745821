"""What is kept of probes from one look to the next never differs from what a fresh look says."""

import random
import sqlite3
from contextlib import closing

import pytest

from temphub_kernel.core import TempHubError, names
from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader
from temphub_kernel.page.choices.view import Wanted, parse
from temphub_kernel.page.data import judging, met, snapshot

INTERVAL_MS = 2_000
# Before and behind each age, of this interval, from which on something is another matter.
AGES_S = (0, 7, 9, 30, 33, 38, 39, 61, 63, 598, 602, 3_700)


def wanted():
    return Wanted(parse("window=5min", now_ms()).window)


def told(shot):
    """All that is judged of each probe, and what is told beside."""
    probes = {
        probe.id: (*probe[:9], probe.looks_like, probe.stated, probe.alarms, probe.rules, probe.standing)
        for probe in (*shot.probes, *shot.folded)
    }
    return list(probes), probes, shot.now_is, [one["id"] for one in shot.removed], shot.transients


def agrees(kept, journal):
    """Asked now and later, as if nothing came meanwhile, and with the clock set back again."""
    at_ms = now_ms()
    for age_s in (*AGES_S, *reversed(AGES_S)):
        fresh = snapshot.Source(journal.path)
        try:
            later_ms = at_ms + age_s * 1000
            assert told(kept.read(wanted(), later_ms)) == told(fresh.read(wanted(), later_ms)), age_s
        finally:
            fresh.close()


def test_what_is_kept_is_what_a_fresh_look_says(journal):
    """Through readings, faults, silence, catching up, gathering, names, rules, alarms, strikes, removals and
    merges, whenever it is looked at, and where the journal does not note who changed."""
    for number in range(1, 7):
        journal.met(f"P{number}", interval_ms=INTERVAL_MS)
        journal.readings(f"P{number}", [4.0] * 12, ago_s=22, every_s=2)
    kept, silent = snapshot.Source(journal.path), []
    steps = [
        lambda: journal.reading("P1", 4.5),
        lambda: journal.reading("P2", None, quality="open"),
        lambda: journal.delayed("P3", 5.0, ago_s=120),
        lambda: journal.health(gathering={"within_ms": 30_000}),
        lambda: journal.reading("P1", 4.25),
        lambda: journal.health(gathering={"within_ms": 0}),
        lambda: journal.described("P4", alias="Fridge", group="Cellar"),
        lambda: journal.met("P5", interval_ms=60_000),
        lambda: journal.rule(kind="above", limit_c=8, group="Cellar"),
        lambda: journal.reading("P4", 9.0),
        lambda: journal.alarm(journal.rule(kind="above", limit_c=7), 4),
        lambda: journal.answered(1, "seen"),
        lambda: silent.append(journal.rule(kind="silent", recovery_min=60)),
        lambda: journal.alarm(silent[0], 0, probes=(1, 6)),
        lambda: journal.back(silent[0], 0, {6: now_ms() - 1_000}),
        lambda: journal.back(silent[0], 0, {1: now_ms(), 6: now_ms() - 1_000}),
        lambda: journal.back(silent[0], 0, {}),
        lambda: journal.note("silences", {"P6": [now_ms() - 900_000, now_ms() - 60_000]}),
        lambda: journal.note("pending", {"pending": [[1, 1, now_ms() - 5_000]]}),
        lambda: journal.reading("P1", 8.5),
        lambda: journal.described("P4", group="Attic"),
        lambda: journal.calibrated("P1", [(8.5, 3.0)]),
        lambda: journal.rule(kind="above", limit_c=2, group="Attic"),
        lambda: journal.struck("P4", 0, now_ms() + 1),
        lambda: journal.refused("P5", "It is another hub's.", "Say yes."),
        lambda: journal.stands(P6="foreign"),
        lambda: journal.reading("stray", 4.0),
        lambda: journal.removed("P2"),
        lambda: journal.merged("P3", "P1"),
        lambda: journal.reading("P3", 3.75),
        lambda: journal.removed("P2", back=True),
        lambda: journal.reading("P2", 4.0),
    ]
    try:
        agrees(kept, journal)
        for step in steps:
            step()
            agrees(kept, journal)
        # A journal that an earlier version wrote.
        with closing(sqlite3.connect(journal.path)) as db:
            db.execute("DROP TRIGGER probe_changed")
        journal.described("P1", alias="Freezer")
        agrees(kept, journal)
    finally:
        kept.close()


def test_of_thousands_that_gather_none_is_judged_again(journal, monkeypatch):
    """Who keeps readings because the hub asked is not late, and is judged when something comes of it, not
    each second; another window finds it judged already."""
    count, judged = 500, []
    for _ in range(10):
        journal.crowd(count, ago_s=20)
    for number in range(1, count + 1):
        journal.met(f"P{number:05}", interval_ms=INTERVAL_MS)
    journal.health(gathering={"within_ms": 30_000})
    judge = judging.Judging._heard
    monkeypatch.setattr(judging.Judging, "_heard", lambda *all_of: judged.append(1) or judge(*all_of))
    known = judging.Judging()
    first, other = (snapshot.Source(journal.path, judging=known) for _ in range(2))
    try:
        first.read(wanted(), now_ms())
        assert len(judged) == count
        shot = first.read(wanted(), now_ms())
        journal.reading("P00007", 4.0)
        other.read(wanted(), now_ms())
        assert len(judged) == count and {probe.state for probe in shot.probes} == {"online"}
        journal.reading("P00007", None, quality="open")
        first.read(wanted(), now_ms())
        assert len(judged) == count + 1
    finally:
        first.close()
        other.close()


# Of which some are taken for others.
CALLED = ("Fridge 1", "Fridge l", "fridge 1", "Cellar", "", "P3", "Fridge 10", "Fridge 2")
CROWD = 400


@pytest.mark.parametrize("seed", range(3))
def test_who_is_who_is_what_a_fresh_look_says(journal, seed):
    """Through names, some of which look alike, groups, places, claims, removals, merges, and what is undone
    of them: records, their order, colours, likeness, numbers and who counts as whom."""
    chance, ids = random.Random(seed), [f"P{number}" for number in range(1, 8)]
    steps = [
        lambda: journal.described(chance.choice(ids), alias=chance.choice(CALLED)),
        lambda: journal.described(
            chance.choice(ids), group=chance.choice(("", "Cellar", "Room 2", "Room 10"))
        ),
        lambda: journal.described(chance.choice(ids), place=chance.randint(1, 9)),
        lambda: journal.met(chance.choice(ids), name=chance.choice(CALLED)),
        lambda: journal.stands(**{chance.choice(ids): chance.choice(("ours", "foreign"))}),
        lambda: journal.reading(chance.choice(ids), 4.0),
        lambda: journal.removed(chance.choice(ids)),
        lambda: journal.removed(chance.choice(ids), back=True),
        lambda: journal.merged(*chance.sample(ids, 2)),
        lambda: journal.unmerged(chance.choice(ids)),
    ]
    for one in ids[:4]:
        journal.met(one)
        journal.readings(one, [4.0] * 12, ago_s=22, every_s=2)
    kept, done = met.Roster(), 0
    with Reader(journal.path) as reader:
        while done < 80:
            try:
                chance.choice(steps)()
            except TempHubError:
                # One that was never met, is removed, counts as another already.
                continue
            done, at_ms = done + 1, now_ms()
            was, fresh = (roster.met(reader, at_ms) for roster in (kept, met.Roster()))
            assert was == fresh and list(was.records) == list(fresh.records)


def test_of_thousands_only_who_is_called_otherwise_is_looked_at(journal, monkeypatch):
    """When somebody puts a probe into a group, names one, or claims one, the names and places of all others
    are as they were, whoever else is asked."""
    for _ in range(10):
        journal.crowd(CROWD)
    looked = []
    for module, name in ((met, "order"), (names, "skeletons")):
        ask = getattr(module, name)
        monkeypatch.setattr(module, name, lambda one, ask=ask: looked.append(one) or ask(one))
    kept = met.Roster()
    with Reader(journal.path) as reader:
        kept.met(reader, now_ms())
        assert len(looked) >= 2 * CROWD
        for told in ({"group": "Cellar"}, {"alias": "Fridge"}, {"alias": "P00009"}, {"place": 3}):
            looked.clear()
            before = kept.met(reader, now_ms())
            journal.described("P00007", **told)
            after = kept.met(reader, now_ms())
            assert after.records["P00007"] != before.records["P00007"] and 1 <= len(looked) < 20, told
            assert after.colours is before.colours and after.records["P00008"] is before.records["P00008"]
        looked.clear()
        journal.stands(P00003="foreign")
        assert kept.met(reader, now_ms()).records["P00003"]["trust"] == "foreign" and not looked


def test_what_a_disk_did_not_answer_is_not_taken_for_known(journal, monkeypatch):
    """Who is called otherwise while a question to the journal fails is shown by that name afterwards."""
    journal.readings("P1", [4.0] * 12, ago_s=22, every_s=2)
    kept = met.Roster()
    with Reader(journal.path) as reader:
        kept.met(reader, now_ms())
        journal.described("P1", alias="Fridge", group="Cellar")
        for name in ("newest", "note_text", "imports", "probes"):
            with monkeypatch.context() as broken:
                broken.setattr(Reader, name, failing)
                with pytest.raises(sqlite3.OperationalError):
                    kept.met(reader, now_ms())
        assert kept.met(reader, now_ms()) == met.Roster().met(reader, now_ms())


def failing(*_, **__):
    raise sqlite3.OperationalError("disk I/O error")
