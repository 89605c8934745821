"""What is known of the newest readings of all places from one look to the next is what a fresh look says,
against a real engine."""

import random
from itertools import count

import pytest

from support.engines import Victoria
from support.ports import free_port
from support.waiting import wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.engines import Engine
from temphub_kernel.page.data.places import newest, told
from temphub_kernel.page.data.places.page import Place

STEP_MS = 5_000
WINDOW_MS = 180_000


class Shops:
    """What is written to an engine, whose clock and ours is one that the test turns."""

    def __init__(self, engine: Victoria) -> None:
        self.engine = engine
        self.ms = now_ms() - 3_600_000
        self.kept = self.fresh()
        self.lines: list[str] = []
        # By probe and moment what counts: °C or what is the matter; and the revision of what is corrected.
        self.counts: dict[tuple[str, str], dict[int, float | str]] = {}
        self.revisions: dict[tuple[str, str], int] = {}

    def fresh(self) -> told.Places:
        return told.Places(Place(self.engine.base).engine())

    def wait(self, ms: int = STEP_MS) -> None:
        self.ms += ms

    def tells(self, key: tuple[str, str], interval_ms: int) -> None:
        self._write(key, "interval", interval_ms, self.ms)

    def reads(self, key: tuple[str, str], what: float | str, ago_ms: int = 0) -> None:
        """A reading comes in that was taken so long ago. what: °C, or what is the matter."""
        # No two are of one moment.
        at_ms = next(at for at in count(self.ms - ago_ms) if at not in self.counts.get(key, {}))
        self.counts.setdefault(key, {})[at_ms] = what
        if isinstance(what, str):
            self._write(key, "flagged", 1, at_ms, f",quality={what}")
            return
        self._write(key, "celsius", what - 1 if key in self.revisions else what, at_ms)
        if key in self.revisions:
            self._write(key, "corrected", what, at_ms, f",revision={self.revisions[key]}")

    def strikes(self, key: tuple[str, str], since_ms: int) -> None:
        """Somebody strikes out what it measured since, which is another revision of all the rest."""
        left = {at: what for at, what in self.counts[key].items() if at < since_ms or isinstance(what, str)}
        self.counts[key] = left
        self.corrects(key, 0)

    def corrects(self, key: tuple[str, str], by_c: float) -> None:
        """Somebody calibrates it."""
        self.revisions[key] = number = self.revisions.get(key, 0) + 1
        # There is one of it also where nothing is left.
        self._write(key, "corrected", 0, self.ms - 1_000_000, f",revision={number}")
        for at_ms, what in self.counts.get(key, {}).items():
            if not isinstance(what, str):
                self.counts[key][at_ms] = what + by_c
                self._write(key, "corrected", what + by_c, at_ms, f",revision={number}")

    def _write(self, key: tuple[str, str], field: str, value: float, at_ms: int, more: str = "") -> None:
        self.lines.append(f"temphub,site={key[0]},probe={key[1]}{more} {field}={value} {at_ms}")

    def send(self) -> None:
        """Returns when a fresh look has all of it."""
        self.engine.write("\n".join(self.lines), "")
        self.lines = []

        def there() -> bool:
            self.engine.get("/internal/force_flush")
            return readings(self.fresh().ask()) == self.wanted()

        wait_for(there)

    def wanted(self) -> dict[tuple[str, str], object]:
        """The newest of each in the last three minutes."""
        found = {}
        for key, counts in self.counts.items():
            if there := [at for at in counts if self.ms - WINDOW_MS <= at < self.ms + 60_000]:
                what = counts[max(there)]
                bad = isinstance(what, str)
                found[key] = max(there), None if bad else what, what if bad else None
        return found


def readings(there):
    return {key: one.newest for key, one in there.items() if one.newest[0]}


def agrees(shops):
    """What is older than three minutes may still be known."""
    found, wanted = readings(shops.kept.ask()), shops.wanted()
    older = [found.pop(key) for key in found.keys() - wanted.keys()]
    assert found == wanted and all(one[0] < shops.ms - WINDOW_MS for one in older)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """VictoriaMetrics on the loopback interface."""
    made = Victoria(tmp_path_factory.mktemp("newest") / "victoria", free_port()).start()
    yield made
    made.kill()


@pytest.fixture
def shops(engine, monkeypatch):
    """Three shops; an engine of which nothing else is left."""
    engine.get("/api/v1/admin/tsdb/delete_series", **{"match[]": '{__name__=~"temphub.*"}'})
    made = Shops(engine)
    monkeypatch.setattr(told, "now_ms", lambda: made.ms)
    monkeypatch.setattr(newest, "monotonic_s", lambda: made.ms / 1000)
    monkeypatch.setattr(told, "REVISIONS_EVERY_S", 0)
    return made


@pytest.fixture
def asked(monkeypatch):
    """How long a time each question about readings was about."""
    spans, points = [], Engine.points

    def counted(self, match, from_ms, to_ms):
        if "celsius" in match:
            spans.append(to_ms - from_ms - newest.AHEAD_MS)
        return points(self, match, from_ms, to_ms)

    monkeypatch.setattr(Engine, "points", counted)
    return spans


@pytest.mark.parametrize("seed", range(2))
def test_reading_by_reading_it_is_what_a_fresh_look_says(shops, seed):
    """Through readings at any pace, faults, gaps, readings that come late or are of the future, probes that
    are new, corrections and what is struck out."""
    chance = random.Random(seed)
    keys = [(site, f"P{number}") for site in ("A", "B") for number in range(3)]
    for key in keys[::2]:
        shops.tells(key, STEP_MS)
    for _ in range(30):
        for key in chance.sample(keys, 4):
            what = chance.choice([chance.randint(-300, 300) / 16] * 4 + ["crc", "open"])
            shops.reads(key, what, chance.choice([0, 0, 0, 1, 4_000, 25_000, -9_000]))
        if chance.random() < 0.15:
            shops.corrects(chance.choice(sorted(shops.counts)), 0.25)
        if chance.random() < 0.15:
            shops.strikes(chance.choice(sorted(shops.counts)), shops.ms - 20_000)
        shops.send()
        agrees(shops)
        shops.wait(chance.choice([STEP_MS, STEP_MS, 20_000]))


def test_what_came_since_is_asked_for_and_all_of_it_once_a_minute(shops, asked):
    """Of three minutes half a one is read, but once a minute; the pace that is seen of a probe that nobody
    told one is kept."""
    for ago_ms in range(0, 150_000, 10_000):
        shops.reads(("A", "P"), 4.0, ago_ms)
    shops.send()
    asked.clear()
    for _ in range(25):
        assert shops.kept.ask()["A", "P"].interval_ms == 10_000
        shops.wait(10_000)
        shops.engine.write(f"temphub,site=A,probe=P celsius=4 {shops.ms}", "")
        shops.engine.get("/internal/force_flush")
    assert asked.count(WINDOW_MS) == 5 and len(asked) == 25
    assert max(one for one in asked if one != WINDOW_MS) <= newest.AGAIN_MS + 10_000


def test_a_place_whose_link_is_slow_is_as_new_as_it_can_be(shops, asked):
    """Where all of a place takes a minute and a half to get here, so much more is read, and each reading is
    seen with the next look; what lags behind its own place is seen within a minute."""
    slow, prompt, straggler = ("A", "P"), ("B", "P"), ("B", "S")
    for key in (slow, prompt, straggler):
        shops.tells(key, STEP_MS)
    for number in range(30):
        shops.reads(slow, number / 16, 90_000)
        shops.reads(prompt, number / 16)
        shops.reads(straggler, number / 16, 150_000)
        shops.send()
        found, wanted = readings(shops.kept.ask()), shops.wanted()
        late_ms = wanted[straggler][0] - found[straggler][0]
        assert {**found, straggler: None} == {**wanted, straggler: None} and 0 <= late_ms <= 60_000
        shops.wait()
    assert WINDOW_MS > min(asked) > 90_000


def test_a_question_that_failed_and_a_clock_set_back_cost_no_reading(shops, monkeypatch):
    """Afterwards it is what a fresh look says."""
    key = ("A", "P")
    for number in range(4):
        shops.reads(key, 4 + number)
        shops.send()
        assert readings(shops.kept.ask()) == shops.wanted()
        shops.wait()
    with monkeypatch.context() as broken:
        broken.setattr(Engine, "points", failing)
        with pytest.raises(TempHubError):
            shops.kept.ask()
    shops.wait(30_000)
    shops.reads(key, 9, 30_000)
    shops.send()
    assert readings(shops.kept.ask()) == shops.wanted()
    shops.wait(-70_000)
    shops.reads(key, 5)
    shops.send()
    # Nothing of what is still to come counts by this clock.
    assert readings(shops.kept.ask()) == shops.wanted()


def failing(*_):
    raise TempHubError("The engine is away.", "Look at it.")
