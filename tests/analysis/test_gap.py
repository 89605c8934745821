"""Gaps and completeness: what is missing, and how sure that is."""

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from support.frames import counted, tidy, times
from temphub_kernel.analysis import completeness, gaps
from temphub_kernel.core.errors import TempHubError

PACE_S = 2


def every(n: int, start: float = 0) -> list[float]:
    return [start + place * PACE_S for place in range(n)]


def test_numbers_prove_what_is_missing() -> None:
    """14 readings taken out of 70,000: '99.98 %, 14 readings missing', and from when to when."""
    rows = counted("P", every(70_000), "a")
    frame = tidy(rows[:1000] + rows[1010:5000] + rows[5004:])
    told = completeness(frame).iloc[0]
    assert (told["expected"], told["stored"], told["missing"], told["holes"]) == (70_000, 69_986, 14, 2)
    assert told["says"] == "99.98 %, 14 readings missing" and not told["estimate"]
    holes = gaps(frame)
    assert holes["missing"].tolist() == [10, 4] and holes["known_by"].tolist() == ["numbers"] * 2
    assert list(holes["start"]) == list(times([999 * 2, 4999 * 2])) and list(holes["end"]) == list(
        times([1010 * 2, 5004 * 2])
    )
    assert told["longest"] == pd.Timedelta("22s") and told["first"] == times([0])[0]


def test_nothing_missing() -> None:
    """A whole record says so, and a pause in which the probe took no readings is none: the numbers go on."""
    frame = tidy(counted("P", every(100) + every(50, 3600), "a"))
    assert gaps(frame).empty and completeness(frame)["says"].tolist() == ["100 %, none missing"]


def test_one_in_a_million_is_not_rounded_away() -> None:
    """As long as anything is missing the share stays below 100 %."""
    rows = counted("P", [0, 2, 4], "a") + counted("P", [1e5], "a", 99_999)
    told = completeness(
        tidy(rows + counted("Q", every(30_000), "a")[:-5] + counted("Q", every(5, 70_000), "a", 29_996))
    )
    assert told["says"].tolist()[1] == "99.99 %, 1 reading missing"


def test_the_hub_came_later() -> None:
    """A probe that had counted to 5000 before the hub's first reading misses nothing for that."""
    assert completeness(tidy(counted("P", every(50), "a", 5000)))["missing"].tolist() == [0]


def test_late_and_out_of_order() -> None:
    """Readings are counted by their numbers: in whatever order frames list them, and twice is once."""
    rows = counted("P", every(50), "a")
    frame = tidy([*rows[30:], *rows[:20], *rows[:5]]).sample(frac=1, random_state=1)
    told = completeness(frame).iloc[0]
    assert (told["stored"], told["missing"]) == (40, 10) and gaps(frame)["end"].tolist() == list(times([60]))


def test_a_restart() -> None:
    """While a probe was off nothing is missing; numbers gone before its first reading are, as an estimate."""
    off = tidy(counted("P", every(50), "a") + counted("P", every(50, 600), "b"))
    assert gaps(off)[["missing", "known_by"]].to_numpy().tolist() == [[0, "restart"]]
    assert not completeness(off)["estimate"].any() and completeness(off)["missing"].tolist() == [0]
    lost = tidy(counted("P", every(50), "a") + counted("P", every(50, 600), "b", 7))
    assert gaps(lost)[["missing", "known_by"]].to_numpy().tolist() == [[7, "restart"]]
    assert completeness(lost)["says"].tolist() == ["estimate: 93.45 %, 7 readings missing"]


def test_numbers_that_did_not_begin_at_nought() -> None:
    """A second boot that begins at a number there was no time to count to has lost nothing for that."""
    frame = tidy(counted("P", every(50), "a", 900_000) + counted("P", every(50, 104), "b", 900_050))
    assert completeness(frame)["missing"].tolist() == [0]


def test_boots_that_overlap_in_time() -> None:
    """Two boots whose readings lie mixed (a clock that was put right) are each counted by their own
    numbers."""
    a, b = counted("P", every(50), "a"), counted("P", every(50, 61), "b", 3)
    frame = tidy(a[:10] + a[12:] + b[:30] + b[33:])
    holes = gaps(frame)
    assert sorted(holes["missing"]) == [2, 3] and set(holes["known_by"]) == {"numbers"}


def test_without_numbers_it_is_an_estimate() -> None:
    """A probe of the plain protocol is judged by its own pace, also after that changed, and it says so."""
    seconds = (
        every(200) + every(200, 500) + [900 + 60 * place for place in range(200) if not 90 <= place < 100]
    )
    frame = tidy(counted("P", seconds, None))
    assert gaps(frame)[["missing", "known_by"]].to_numpy().tolist() == [[50, "pace"], [10, "pace"]]
    told = completeness(frame).iloc[0]
    assert told["estimate"] and told["says"] == "estimate: 90.76 %, 60 readings missing"
    plain = frame.drop(columns=["boot", "seq"])
    assert gaps(plain).equals(gaps(frame))


def test_numbers_that_count_something_else() -> None:
    """A sender whose numbers go up by more than one each time is judged by its pace."""
    frame = tidy([("P", at, 20.0, "a", round(at * 1000)) for at in every(100)])
    assert completeness(frame)["missing"].tolist() == [0] and completeness(frame)["estimate"].tolist() == [
        True
    ]


def test_bad_readings_are_stored_ones() -> None:
    """A reading at which the sensor answered badly is not missing; it is counted apart."""
    rows = [("P", at, None if at == 4 else 20.0, "a", place) for place, at in enumerate(every(20))]
    assert completeness(tidy(rows))[["stored", "missing", "bad"]].to_numpy().tolist() == [[20, 0, 1]]


@pytest.mark.parametrize(
    "make", [lambda frame: frame.set_index("time")[["temperature_c"]], lambda frame: frame["temperature_c"]]
)
def test_wide_frames_cannot_tell(make) -> None:
    """A frame without a row per reading is refused with the call that gives one."""
    with pytest.raises(TempHubError, match=r"Load it with th.load\(tidy=True, numbered=True\)"):
        gaps(make(tidy(counted("P", every(9), "a"))))


def test_no_readings() -> None:
    """Of an empty frame there are results of the right types without a row; of a single reading nothing is
    missing."""
    assert gaps(tidy([])).empty and completeness(tidy([])).empty
    assert gaps(tidy([]))["duration"].dtype.kind == "m" and gaps(tidy([]))["start"].dt.tz is not None
    assert completeness(tidy(counted("P", [0], "a")))["says"].tolist() == ["100 %, none missing"]


@settings(max_examples=60, deadline=None)
@given(
    removed=st.sets(st.integers(1, 58)),
    second=st.sets(st.integers(1, 38)),
    first=st.integers(0, 10_000),
    pause=st.integers(10, 5000),
    order=st.randoms(use_true_random=False),
)
def test_what_was_removed_is_what_is_missing(
    removed: set[int], second: set[int], first: int, pause: int, order
) -> None:
    """Whatever is taken out between the first and the last reading of two boots, just that many are missing,
    in any order."""
    a = counted("P", every(60), "a", first)
    b = counted("P", every(40, 120 + pause), "b")
    kept = [row for place, row in enumerate(a) if place not in removed] + [
        row for place, row in enumerate(b) if place not in second
    ]
    frame = tidy(kept).iloc[order.sample(range(len(kept)), len(kept))]
    holes, told = gaps(frame), completeness(frame).iloc[0]
    assert told["missing"] == len(removed) + len(second) == holes["missing"].sum()
    assert told["stored"] == len(kept) and told["expected"] == 100
