"""Stored numbers of a thermocouple's chip, corrected for its type: true wherever they live and are asked for,
kept as they were sent"""

from pathlib import Path

import numpy as np
import pytest
import thermocouple_its90

import temphub_kernel as th
from journal.journal_harness import T0, close_months, journal, pack_all
from journal.test_calibration import DAY_MS, check, redo_all
from support.rows import points_in
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.journal import Reader, as_sent, calibrate, merge, state, take_back
from temphub_kernel.journal.records.chips import GAINS, curve
from temphub_kernel.journal.schema import BLOCK_ROWS

C = 10_000_000


def said(letter: str, true_c: float, cold_c: float) -> float:
    """What a MAX31855 says: a quarter of a degree in its straight line."""
    its90 = thermocouple_its90.get(letter)
    return round(((its90.emf(true_c) - its90.emf(cold_c)) * 1e6 / GAINS[letter] + cold_c) * 4) / 4


def sent(
    taken_ms: int,
    celsius: float | None,
    cold_c: float | None = None,
    chip_c: float | None = None,
    probe: str = "P",
    **more,
) -> Row:
    junction = tuple(None if one is None else round(one * 64) for one in (chip_c, cold_c))
    row = Row(
        probe,
        None,
        None,
        taken_ms,
        max(taken_ms, T0),
        None if celsius is None else to_units(celsius),
        None,
        junction,
    )
    return row._replace(junction=None if junction == (None, None) else junction, **more)


def true_units(said_c: float, cold_c: float, letter: str = "K") -> int:
    return int(
        curve("max31855", letter).true(np.array([to_units(said_c)]), np.array([to_units(cold_c)]))[0][0]
    )


def test_true_wherever_it_lives(tmp_path: Path) -> None:
    """Rows, packs and a closed month, with a stored cold junction and without: near the truth in every
    answer, and as sent when undone."""
    start, steps = T0 - 40 * DAY_MS, 2 * BLOCK_ROWS + 10
    truth = {start + n * 300_000: -150.0 + n % 1000 for n in range(steps)}
    cold = {ms: 20.0 + (n % 7) * 5 if n % 2 else None for n, ms in enumerate(truth)}
    raw = {ms: said("K", true_c, cold[ms] or 25.0) for ms, true_c in truth.items()}
    expected = {ms: true_units(raw[ms], cold[ms] or 25.0) for ms in truth}
    assert max(abs(expected[ms] / C - truth[ms]) for ms in truth) < 0.35
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(ms, raw[ms], cold[ms]) for ms in truth])
        number = state(j.writer, "P", "K")
        j.roll_up()
        assert pack_all(j) == 1 and len(close_months(j, T0)) == 1
        check(reader, expected)
        redo_all(j)
        check(reader, expected)
        frame = th.load("P", tidy=True, raw=True, data_dir=tmp_path)
        assert frame["raw_c"].tolist() == list(raw.values()) and frame["cold_c"].isna().tolist() == [
            one is None for one in cold.values()
        ]
        known = frame["uncertain_c"].isna()
        assert (
            known.tolist() == [one is not None for one in cold.values()]
            and 0 < frame["uncertain_c"][~known].max() < 1.5
        )
        in_order = [
            units for piece in reader.stream(0, 2 * T0, by_number=True) for units in piece.units.tolist()
        ]
        followed = [
            point.units for first in range(0, steps, BLOCK_ROWS) for point in reader.after(first, BLOCK_ROWS)
        ]
        assert in_order == followed == list(expected.values())
        assert take_back(j.writer, number) and not take_back(j.writer, number)
        check(reader, {ms: to_units(celsius) for ms, celsius in raw.items()})
        redo_all(j)
        check(reader, {ms: to_units(celsius) for ms, celsius in raw.items()})


def test_what_a_probe_corrected_itself_stays(tmp_path: Path) -> None:
    """A reading with the chip's own number beside it is true already, however long what is stated goes on; so
    are those of other times."""
    line = said("K", -80.0, 25.0)
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store(
            [sent(T0, line), sent(T0 + 1, -80.0, 25.0, chip_c=line), sent(T0 + 2, None, 25.0, quality="open")]
        )
        j.writer.store([sent(T0 + 10, line), sent(T0, line, probe="Q")])
        state(j.writer, "P", "K", "max31855", T0, T0 + 10)
        corrected = true_units(line, 25.0)
        assert abs(line + 70) < 0.5 and abs(corrected / C + 80) < 0.2
        told = [(p.units, p.raw, p.quality) for p in points_in(reader, 0, 2 * T0, "P")]
        straight = to_units(line)
        assert told == [
            (corrected, straight, None),
            (to_units(-80), to_units(-80), None),
            (None, None, "open"),
            (straight, straight, None),
        ]
        assert [p.units for p in points_in(reader, 0, 2 * T0, "Q")] == [straight]


def test_the_newest_reading_has_its_own_cold_junction(tmp_path: Path) -> None:
    """A card's value is corrected with the temperature that the chip told with it, taken in by the roll-ups
    or not."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(T0, said("T", 4.0, 40.0), 40.0)])
        state(j.writer, "P", "T")
        for _ in range(2):
            (newest,) = reader.newest()
            assert (
                newest.units == true_units(said("T", 4.0, 40.0), 40.0, "T")
                and abs(newest.units / C - 4) < 0.4
            )
            j.roll_up()


def test_one_reading_alone_is_corrected_as_in_a_column(tmp_path: Path) -> None:
    """Whatever its chip said, its mark and its type: followers that take one after the other have what
    everybody else has."""
    marks = (None, "range", "undated", "power_on")
    rows = [
        sent(
            T0 + n,
            -250 + n * 11.75,
            None if n % 3 else -20 + n % 90,
            None if n % 7 else 1.0,
            quality=marks[n % 4],
        )
        for n in range(170)
    ]
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store(rows)
        for letter in sorted(GAINS):
            number = state(j.writer, "P", letter, from_ms=T0 + 5)
            column = [(p.units, p.quality) for p in points_in(reader, 0, 2 * T0)]
            assert [(p.units, p.quality) for p in reader.after(0, 200)] == column, letter
            assert take_back(j.writer, number)


def test_a_calibration_counts_from_the_true_value(tmp_path: Path) -> None:
    """What a thermometer beside it showed is compared with the true value, whichever was said first."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(T0, 807.0)])
        calibrate(j.writer, "P", [(800.0, 802.0)], 0)
        state(j.writer, "P", "K")
        (point,) = points_in(reader, 0, 2 * T0, "P")
        assert point.units == true_units(807.0, 25.0) + 2 * C
        back = as_sent(
            Row("P", None, None, T0, T0, point.units, None), reader.calibrations(), reader.thermocouples()
        )
        assert abs(back.units - to_units(807.0)) < C // 16


def test_marks_are_those_of_the_true_value(tmp_path: Path) -> None:
    """`range` stands where the true value is beyond the type's span, not where the straight line was; what
    nothing can have is no value."""
    beyond, inside = said("R", 1700.0, 25.0), said("K", 1372.0, 25.0)
    assert beyond > 1768 > 1700 and inside < 1372
    readings = [
        sent(T0, 1795.0, quality="range"),
        sent(T0 + 1, 1300.0, quality="range"),
        sent(T0 + 2, -45.0),
        sent(T0 + 3, -250.0),
    ]
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([*readings, sent(T0 + 4, 20.0, quality="undated")])
        state(j.writer, "P", "R")
        told = [(p.quality, p.units is None) for p in points_in(reader, 0, 2 * T0, "P")]
        # A jump (`max_step_c`) inside the span was marked for what it is.
        assert told == [
            (None, False),
            ("range", False),
            ("range", False),
            ("range", True),
            ("undated", False),
        ]
        assert [p.quality for p in reader.after(0, 10)] == [quality for quality, _ in told]


def test_what_remains_uncertain_is_told(tmp_path: Path) -> None:
    """Where the chip's temperature is not stored the true one lies within what is said, whatever the chip had
    within its bounds."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(T0, 20.0)])
        for letter in "KTR":
            number = state(j.writer, "P", letter, cold_c=25.0, within_c=15.0)
            (one,) = reader.thermocouples()
            for at_c, off_c in one.uncertainty():
                for cold_c in (10.0, 17.5, 32.5, 40.0):
                    told = true_units(said(letter, at_c, cold_c), 25.0, letter) / C
                    assert abs(told - at_c) <= off_c * 1.1 + 0.25 * GAINS[letter] / 1e3 / 4 + 0.4, (
                        letter,
                        at_c,
                        cold_c,
                    )
            assert take_back(j.writer, number)
        # A K hardly minds, a T does.
        assert dict(_uncertainty(j, reader, "K"))[100] < 1 < 3 < dict(_uncertainty(j, reader, "T"))[0]


def _uncertainty(j, reader, letter):
    number = state(j.writer, "P", letter)
    (one,) = reader.thermocouples()
    assert take_back(j.writer, number)
    return one.uncertainty()


def test_a_merged_probe_is_corrected_as_one(tmp_path: Path) -> None:
    """What is stated of an old place holds for each board that measured there, and is taken back by one
    number."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(T0, 807.0), sent(T0 + DAY_MS, 807.0, probe="Q")])
        merge(j.writer, "Q", "P")
        number = state(j.writer, "P", "K")
        true = true_units(807.0, 25.0)
        assert [p.units for p in points_in(reader, 0, 2 * T0, "P")] == [true, true]
        assert [one.probe_id for one in reader.thermocouples()] == ["P"]
        assert (
            take_back(j.writer, number)
            and [p.units for p in points_in(reader, 0, 2 * T0)] == [to_units(807.0)] * 2
        )


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ({"letter": "B"}, "bad_thermocouple", 400),
        ({"letter": "J", "chip": "max6675"}, "bad_thermocouple", 400),
        ({"chip": "max31856"}, "bad_thermocouple", 400),
        ({"from_ms": 5, "to_ms": 5}, "bad_to_ms", 400),
        ({"cold_c": 110.0, "within_c": 20.0}, "bad_cold_c", 400),
        ({"within_c": -1.0}, "bad_cold_c", 400),
        ({"cold_c": float("nan")}, "bad_cold_c", 400),
        ({"note": "n" * 501}, "bad_note", 400),
        ({"probe_id": "nobody"}, "unknown_probe", 404),
        ({"from_ms": T0 - 1}, "stated_already", 409),
    ],
)
def test_what_makes_no_correction(tmp_path: Path, given: dict, code: str, status: int) -> None:
    """It is refused with what to say instead, and nothing changes; two statements never hold for one
    moment."""
    with journal(tmp_path) as j, Reader(j.path) as reader:
        j.writer.store([sent(T0, 20.0)])
        assert state(j.writer, "P", "K", to_ms=T0) == 1
        before = reader.judged()
        with pytest.raises(TempHubError) as caught:
            state(j.writer, **{"probe_id": "P", "letter": "K", "from_ms": T0, **given})
        assert (caught.value.code, caught.value.status) == (code, status) and caught.value.remedy
        assert reader.judged() == before and len(reader.thermocouples()) == 1
        assert state(j.writer, "P", "J", from_ms=T0) == 2 and reader.judged() != before
