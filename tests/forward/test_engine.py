"""Forwarding to real time-series engines: every reading there once, in its place, or named as let fall."""

from collections.abc import Callable

import numpy as np
import pytest

from support.engines import Influx, Victoria
from support.ports import free_port
from support.waiting import wait_for
from temphub_kernel.core.clock import DAY_MS, now_ms
from temphub_kernel.core.reading import Row, to_celsius, to_units
from temphub_kernel.forward.engine.again import send_again
from temphub_kernel.forward.engine.forwarder import Engine
from temphub_kernel.forward.engine.kinds import Door
from temphub_kernel.forward.engine.lines import tag_value
from temphub_kernel.forward.engine.sending import accept
from temphub_kernel.journal import Reader, calibrate, strike_out

SITE = "Kühlhaus 7, cellar=b"


@pytest.fixture
def victoria(tmp_path):
    """VictoriaMetrics as Debian starts it: a month of retention, equal points kept twice."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


@pytest.fixture
def influx(tmp_path):
    """InfluxDB 1 with an empty database."""
    made = Influx(tmp_path / "influx", free_port()).start()
    made.query("CREATE DATABASE temphub")
    yield made
    made.kill()


@pytest.fixture
def start(journal):
    """Starts what forwards, and stops it at the end."""
    started: list[Engine] = []

    def begin(url: str, site: str = SITE, **more: float) -> Engine:
        given = {"every_s": 0.02, "look_s": 0.05, "pauses_s": (0.05,), **more}
        engine = Engine(Door(url), site, journal.path, journal.writer, **given)
        engine.start()
        started.append(engine)
        return engine

    yield begin
    for engine in started:
        assert engine.stop()


def passed_on(engine: Engine, journal) -> None:
    """Waits until all of the journal is sent."""
    with Reader(journal.path) as reader:
        wait_for(lambda: engine.report().get("waiting") == 0 and engine.no == reader.count(), 30)


def expected(journal, from_ms: int = 0) -> dict[str, list[tuple[int, float]]]:
    """The good readings as an engine should have them."""
    found: dict[str, list[tuple[int, float]]] = {}
    with Reader(journal.path) as reader:
        for point in reader.after(0, 100_000):
            if point.units is not None and point.taken_ms >= from_ms:
                name = f'temphub_celsius{{probe="{point.probe_id}",site="{SITE}"}}'
                found.setdefault(name, []).append((point.taken_ms, to_celsius(point.raw)))
    return {name: sorted(points) for name, points in found.items()}


CELSIUS = '{__name__="temphub_celsius"}'


def test_every_reading_is_there_or_named(journal, victoria, start: Callable[..., Engine]) -> None:
    """Late ones are at their own time and bad ones have their quality; what the engine would drop without a
    word (40 days old, 3 days ahead) is named with what helps."""
    journal.add(21.0625, None, -18.7654321, probe_id="TempProbe-0A01:b")
    journal.add(7.5, ago_ms=20 * DAY_MS)
    journal.add(40.0, ago_ms=40 * DAY_MS)
    journal.add(3.0, ago_ms=-3 * DAY_MS)
    engine = start(victoria.base)
    passed_on(engine, journal)
    there = victoria.series()
    good = expected(journal, now_ms() - 31 * DAY_MS)
    ahead = f'temphub_celsius{{probe="Cold-1",site="{SITE}"}}'
    good[ahead] = [point for point in good[ahead] if point[1] != 3.0]
    assert {name: there[name] for name in there if "celsius" in name} == good
    flagged = there[f'temphub_flagged{{probe="TempProbe-0A01:b",quality="open",site="{SITE}"}}']
    assert [value for _, value in flagged] == [1]
    wait_for(lambda: engine.state().problem)
    state = engine.state()
    assert "let 2 readings fall: 1 older than what it keeps" in state.problem
    assert "1 dated further ahead" in state.problem and "The hub has all of them" in state.problem
    assert "-retentionPeriod=100y (now 1 month)" in state.remedy
    assert "temphub forward --again --from " in state.remedy
    assert engine.report()["fallen"] == {"too_old": 1, "too_new": 1}


def test_a_name_is_a_tag_as_people_wrote_it() -> None:
    """An emoji of several signs, Persian and every space are kept; only what ends a line or begins an escape
    is a question mark."""
    assert tag_value("Küche 👩\u200d🍳, a=b") == "Küche\\ 👩\u200d🍳\\,\\ a\\=b"
    assert tag_value("یخچال\u200cها\u3000{1} % <b>") == "یخچال\u200cها\u3000{1}\\ %\\ <b>"
    assert tag_value('C:\\ "x"\n\u202e') == "C:?\\ ?x???"


def test_what_engines_take_for_something_else_is_not_sent(
    journal, victoria, start: Callable[..., Engine]
) -> None:
    """A reading dated 1970, which VictoriaMetrics would file under now, and the second of two of one probe
    and millisecond, of which it would show the one or the other, are named and not sent."""
    now = now_ms() - 60_000
    rows = [(0, 10.0), (-1, 11.0), (now, 20.0), (now, 21.0), (now + 1, 22.0)]
    journal.writer.store(
        [Row("Cold-1", None, None, ms, now, to_units(celsius), None) for ms, celsius in rows]
    )
    engine = start(victoria.base)
    passed_on(engine, journal)
    (there,) = victoria.series(CELSIUS).values()
    assert there == [(now, 20.0), (now + 1, 22.0)]
    assert engine.report()["fallen"] == {"no_time": 2, "same_millisecond": 1}
    wait_for(lambda: "2 dated 1970 or before" in engine.state().problem)


@pytest.mark.parametrize("said", ["", "precision=ns&"])
def test_a_reading_is_at_its_own_time_whatever_the_address_says(
    journal, influx, start: Callable[..., Engine], said: str
) -> None:
    """Times go in milliseconds, the one precision that all engines know, also where the address names
    another."""
    journal.add(1.0)
    engine = start(f"{influx.base}/write?{said}db=temphub")
    passed_on(engine, journal)
    ((at_ms, _),) = influx.query("SELECT celsius FROM temphub")[0]["values"]
    (((expected_ms, _),),) = expected(journal).values()
    assert at_ms == expected_ms


def test_a_month_goes_to_an_engine_that_takes_little_at_once(
    journal, tmp_path, start: Callable[..., Engine]
) -> None:
    """InfluxDB that refuses what is longer than 100 kB gets a backlog of 60,000 readings all the same:
    compressed, and in requests that it takes."""
    influx = Influx(tmp_path / "little", free_port())
    influx.most_bytes = 100_000
    influx.start()
    try:
        influx.query("CREATE DATABASE temphub")
        now = now_ms() - 10_000_000
        random = np.random.default_rng(7)
        journal.writer.store(
            [
                Row("Cold-1", None, None, now + 100 * at, now, int(units), None)
                for at, units in enumerate(random.integers(-200_000_000, 200_000_000, 60_000))
            ]
        )
        engine = start(f"{influx.base}/write?db=temphub")
        passed_on(engine, journal)
        ((_, count),) = influx.query("SELECT COUNT(celsius) FROM temphub")[0]["values"]
        assert count == 60_000 and not engine.state().problem
    finally:
        influx.kill()


def test_what_an_engine_lost_it_gets_again_once(journal, victoria, start: Callable[..., Engine]) -> None:
    """Killed, it forgets what it acknowledged a moment ago: that is sent again, and what it has kept is not
    there twice, though it keeps both of two equal points."""
    # However long all this takes here.
    engine = start(victoria.base, trail_s=3600.0)
    journal.add(*map(float, range(500)))
    passed_on(engine, journal)
    # These are on its disk, those that follow are not yet.
    victoria.stop()
    victoria.start()
    journal.add(1.5, 2.5, 3.5)
    passed_on(engine, journal)
    victoria.kill()
    journal.add(4.5)
    victoria.start()
    passed_on(engine, journal)
    wait_for(lambda: victoria.series(CELSIUS) == expected(journal), 30)
    assert engine.place() == 0, "nothing is surely kept before that time is over"


def test_after_the_hubs_own_end_nothing_is_there_twice(
    journal, victoria, start: Callable[..., Engine]
) -> None:
    """A hub that is started again does not know what arrived last; it compares, and goes on where it was."""
    engine = start(victoria.base)
    journal.add(*map(float, range(20)))
    passed_on(engine, journal)
    assert engine.stop()
    journal.add(1.5)
    engine = start(victoria.base)
    passed_on(engine, journal)
    assert victoria.series(CELSIUS) == expected(journal)
    assert engine.report()["sent"] == 1
    # Another engine, or another name, has nothing of this hub yet.
    other = start(victoria.base, site="Elsewhere")
    passed_on(other, journal)
    assert other.report()["sent"] == 21


def test_what_counts_otherwise_is_a_series_of_its_own(
    journal, victoria, start: Callable[..., Engine]
) -> None:
    """A calibration and a strike never touch what was sent: each makes a revision with all that counts."""
    journal.add(10.0, 20.0)
    engine = start(victoria.base)
    passed_on(engine, journal)
    raw = victoria.series(CELSIUS)
    calibrate(journal.writer, "Cold-1", [(0.0, 0.5)], 0)
    name = 'temphub_corrected{{probe="Cold-1",revision="{}",site="{}"}}'

    def values(revision: int) -> list[float]:
        there = victoria.series('{__name__="temphub_corrected"}')
        return [value for _, value in there.get(name.format(revision, SITE), [])]

    wait_for(lambda: values(1) == [10.5, 20.5])
    journal.add(30.0)
    wait_for(lambda: values(1) == [10.5, 20.5, 30.5])
    (first, _), *_ = raw[f'temphub_celsius{{probe="Cold-1",site="{SITE}"}}']
    strike_out(journal.writer, "Cold-1", first, first, "door open")
    wait_for(lambda: values(2) == [20.5, 30.5])
    assert values(1) == [10.5, 20.5, 30.5]
    assert [value for _, value in victoria.series(CELSIUS).popitem()[1]] == [10.0, 20.0, 30.0]


def test_a_range_is_sent_again_when_the_engine_keeps_more(
    journal, victoria, start: Callable[..., Engine]
) -> None:
    """After its retention was raised, `temphub forward --again` brings what it lacks and nothing else, and
    the hub no longer says that it fell."""
    journal.add(1.0, 2.0, ago_ms=40 * DAY_MS)
    journal.add(5.0)
    engine = start(victoria.base, trail_s=0.0)
    passed_on(engine, journal)
    wait_for(lambda: engine.state().problem and engine.place() == 3)
    engine.save()
    victoria.stop()
    victoria.flags = ("-retentionPeriod=100y",)
    victoria.start()
    told = send_again(Door(victoria.base), SITE, journal.path, now_ms() - 50 * DAY_MS, now_ms())
    assert (told.readings, told.sent, bool(told.fallen)) == (3, 2, False)
    assert victoria.series(CELSIUS) == expected(journal)
    wait_for(lambda: not engine.state().problem)
    assert engine.report()["fallen"] == {}


def test_what_an_engine_says_itself_is_told_until_it_is_accepted(
    journal, victoria, start: Callable[..., Engine]
) -> None:
    """Another program sends something too old: the engine counts it and says nothing to anybody, the hub
    tells it with the remedy; what fell of its own too, until somebody does without."""
    journal.add(1.0)
    engine = start(victoria.base)
    passed_on(engine, journal)
    wait_for(lambda: engine.report().get("ignored") == {})
    victoria.write(f"temphub,site=Other,probe=X celsius=1 {now_ms() - 90 * DAY_MS}", "")
    wait_for(lambda: engine.report()["ignored"] == {"too_old": 1})
    wait_for(lambda: "says that it let points fall: 1 older" in engine.state().problem)
    assert "-retentionPeriod=100y (now 1 month)" in engine.state().remedy
    journal.add(1.0, ago_ms=40 * DAY_MS)
    wait_for(lambda: "let 1 readings fall: 1 older" in engine.state().problem)
    assert "temphub forward --accept" in engine.state().remedy
    accept(journal.path.parent)
    wait_for(lambda: not engine.state().problem)
    assert engine.report()["fallen"] == engine.report()["ignored"] == {}


def test_influxdb_has_every_reading(journal, influx, start: Callable[..., Engine]) -> None:
    """Also an old one, where it keeps all; sent twice, a point is there once. What it refuses in the middle
    of others is counted, and never sent for ever."""
    url = f"{influx.base}/write?db=temphub"
    journal.add(1.0, None, 2.0625, ago_ms=40 * DAY_MS)
    engine = start(url)
    passed_on(engine, journal)
    found = influx.query("SELECT celsius FROM temphub WHERE site = 'Kühlhaus 7, cellar=b'")[0]["values"]
    assert [value for _, value in found] == [1, 2.0625]
    assert not engine.state().problem
    assert engine.stop()
    # Somebody else wrote a text into a series of ours.
    influx.write("other,probe=x a=1", "temphub")
    influx.query("DROP MEASUREMENT temphub")
    influx.write('temphub,site=x celsius="warm"', "temphub")
    journal.add(3.0, None)
    again = start(url, site="Two")
    passed_on(again, journal)
    wait_for(lambda: again.report().get("fallen"))
    wait_for(lambda: "refused for the type of its field" in again.state().problem)


def test_influxdb_that_keeps_a_day(journal, influx, start: Callable[..., Engine]) -> None:
    """What its retention would let fall is known beforehand, with the statement that changes it."""
    influx.query('ALTER RETENTION POLICY "autogen" ON "temphub" DURATION 24h SHARD DURATION 1h')
    journal.add(1.0, ago_ms=3 * DAY_MS)
    journal.add(2.0)
    engine = start(f"{influx.base}/write?db=temphub")
    passed_on(engine, journal)
    wait_for(lambda: engine.state().problem)
    assert 'ALTER RETENTION POLICY "autogen" ON "temphub" DURATION INF' in engine.state().remedy
    assert engine.report()["fallen"] == {"too_old": 1}
