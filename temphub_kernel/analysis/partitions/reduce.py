"""What lazy frames come to: each partition is worked through by itself, and what it comes to is joined with
its neighbours. Any thread.

A frame of polars is worked through here, piece by piece, while polars reads the next one; one of dask by
dask, on its cluster where there is one, and what is found is joined there as well. Rows have to be by time
for each probe, as th.scan gives them, wherever the partitions are cut.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timezone, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ...core import TempHubError
from .stretches import Kind, Lines, Readings, Stretch, Tracks, joined, stretch_of, whole_of

if TYPE_CHECKING:
    import polars as pl

# A polars.LazyFrame, a polars.DataFrame or a dask.dataframe.DataFrame: neither is loaded to tell.
Lazy = Any
# So many rows of a frame of polars are worked through at once; more cost memory, fewer cost time for each
# probe.
PIECE_ROWS = 2_000_000
# So many results are joined at once on a cluster.
AT_ONCE = 8


class Place(NamedTuple):
    """Whose readings: the site, empty where the frame has none, and the probe's id."""

    site: str
    probe_id: str


class Found(NamedTuple):
    """What was found of each probe. No dict by itself: of one distributed makes the keys plain tuples."""

    of: dict[Place, Any]


class Question(NamedTuple):
    """A kind of question (or, of lines, what is made of one), or one for each probe; of a probe that has none
    nothing is asked."""

    usual: Any
    of_place: Mapping[Place, Any] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read for it."""
        kinds = [kind for kind in (self.usual, *self.of_place.values()) if kind is not None]
        found: tuple[str, ...] = kinds[0].columns if kinds else ()
        return found

    def of(self, place: Place) -> Any:
        """The one of a probe, or None."""
        return self.of_place.get(place, self.usual)

    def about_lines(self, longest_ms: int | None) -> Question:
        """The same of partitions. longest_ms: the longest pause that is no gap; None: three usual
        intervals."""

        def kind(summary: Any) -> Kind | None:
            return None if summary is None else Lines(summary, longest_ms)

        return Question(kind(self.usual), {place: kind(one) for place, one in self.of_place.items()})


def missing(data: Lazy) -> Question:
    """Which readings are missing, by their numbers where the frame has any."""
    numbered = {"boot", "seq"} <= set(columns_of(data))
    return Question(Tracks() if numbered else Tracks(()))


def site_of(data: object) -> dict[str, str]:
    """The column of the site for a table of results, where a lazy frame has one."""
    return {"site": "probe"} if is_lazy(data) and "site" in columns_of(data) else {}


def is_lazy(data: object) -> bool:
    """Whether it is a frame of polars or dask."""
    return _is_of(data, "polars", "LazyFrame") or _is_of(data, "polars", "DataFrame") or _is_dask(data)


def _is_dask(data: Lazy) -> bool:
    return _is_of(data, "dask.dataframe", "DataFrame")


def _is_of(data: object, module: str, kind: str) -> bool:
    """Whether it is of that kind; whoever has one has its library, so it need not be loaded to tell."""
    there = sys.modules.get(module)
    return there is not None and isinstance(data, getattr(there, kind))


def columns_of(data: Lazy) -> list[str]:
    """The names of its columns."""
    return list(data.columns) if _is_dask(data) else list(data.lazy().collect_schema())


def zone_of(data: Lazy) -> tzinfo:
    """The time zone its times are in. Raises TempHubError when it has none."""
    _check(data, ("time",))
    if _is_dask(data):
        zone = getattr(data.dtypes["time"], "tz", None)
    else:
        name = getattr(data.lazy().collect_schema()["time"], "time_zone", None)
        zone = None if name is None else timezone.utc if name == "UTC" else ZoneInfo(name)
    if zone is None:
        raise _unfit("its times have no time zone")
    assert isinstance(zone, tzinfo)
    return zone


def reduced(data: Lazy, question: Question) -> Iterator[tuple[Place, Any, Any]]:
    """(whose, what adds up in any order, what it comes to) of each probe that has a question and a reading
    for it, by site and id."""
    _check(data, ("time", "probe_id", *question.columns))
    there = columns_of(data)
    wanted = [name for name in ("site", "time", "probe_id", *question.columns) if name in there]
    work, join = partial(stretches_of, question=question), partial(together, question=question)
    found = _run(data, wanted, work, join)
    for place in sorted(found):
        kind = question.of(place)
        if kind is not None:
            yield place, found[place].told, whole_of(found[place], kind)


class Who(NamedTuple):
    """A probe of a lazy frame: what it is called last, and its first good reading (None: it has none)."""

    name: str | None
    first_ms: int | None

    def joined(self, later: Who) -> Who:
        """Of two parts, one after the other."""
        return Who(later.name or self.name, later.first_ms if self.first_ms is None else self.first_ms)


def who(data: Lazy) -> dict[Place, Who]:
    """Its probes; every partition is looked through for them."""
    _check(data, ("time", "probe_id", "temperature_c"))
    wanted = [
        name for name in ("site", "time", "probe_id", "temperature_c", "name") if name in columns_of(data)
    ]
    return _run(data, wanted, _who, _all_of_them)


def _who(piece: Any) -> Found:
    import polars as pl

    frame = _polars(piece)
    good = pl.col("temperature_c").is_finite()
    name = pl.col("name").last() if "name" in frame.columns else pl.lit(None)
    told = _of_each(frame, name.alias("name"), _epoch_ms().filter(good).min().alias("first"))
    return Found(
        {
            place: Who(name, first_ms)
            for place, name, first_ms in zip(_places(told), told["name"], told["first"], strict=True)
        }
    )


def _all_of_them(found: Sequence[Found]) -> Found:
    whole: dict[Place, Who] = {}
    for one in found:
        for place, what in one.of.items():
            whole[place] = whole[place].joined(what) if place in whole else what
    return Found(whole)


def _check(data: Lazy, columns: Sequence[str]) -> None:
    lacking = [name for name in columns if name not in columns_of(data)]
    if lacking:
        raise _unfit(f"it has no column {lacking[0]}")


def _unfit(why: str) -> TempHubError:
    return TempHubError(
        f"This lazy frame cannot be analysed: {why}.",
        "Use what th.scan() gives; its rows may be filtered, its columns have to stay.",
        code="bad_frame",
    )


def _run(data: Lazy, wanted: Sequence[str], work: Any, join: Any) -> dict[Place, Any]:
    """`work` of each partition, and `join` of some results in their order, until one is left."""
    if _is_dask(data):
        from dask.delayed import delayed

        results = [delayed(work, pure=True)(part) for part in data[list(wanted)].to_delayed()]
        while len(results) > 1:
            some = (results[at : at + AT_ONCE] for at in range(0, len(results), AT_ONCE))
            results = [delayed(join, pure=True)(one) for one in some]
        whole: Found = results[0].compute() if results else join([])
        return whole.of
    found: Found = join([])
    for piece in data.lazy().select(wanted).collect_batches(chunk_size=PIECE_ROWS, maintain_order=True):
        found = join([found, work(piece)])
    return found.of


def _polars(piece: Any) -> pl.DataFrame:
    import polars as pl

    return piece if isinstance(piece, pl.DataFrame) else pl.from_pandas(piece)


def together(found: Sequence[Found], question: Question) -> Found:
    """What several partitions come to, in their order."""
    whole: dict[Place, Stretch] = {}
    for one in found:
        for place, stretch in one.of.items():
            kind = question.of(place)
            if place in whole and kind is not None:
                stretch = joined(whole[place], stretch, kind)
            whole[place] = stretch
    return Found(whole)


def stretches_of(piece: Any, question: Question) -> Found:
    """What a partition comes to, a frame of polars or pandas."""
    found = {}
    for place, readings in _by_place(_polars(piece), question.columns):
        kind = question.of(place)
        stretch = None if kind is None else stretch_of(_by_time(readings), kind)
        if stretch is not None:
            found[place] = stretch
    return Found(found)


def _by_time(readings: Readings) -> Readings:
    ms = readings[0]
    if (ms[1:] >= ms[:-1]).all():
        return readings
    order = np.argsort(ms, kind="stable")
    return tuple(column[order] for column in readings)


def _by_place(frame: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Place, Readings]]:
    """Each probe of a frame, and its readings in the order of the frame: milliseconds and these columns."""
    import polars as pl

    wanted = [_epoch_ms(), *map(_column, columns)]
    told = _of_each(
        frame, pl.len().alias("rows"), *(one.alias(f"column_{at}") for at, one in enumerate(wanted))
    )
    ends = np.cumsum(told["rows"].to_numpy())
    parts = [told[f"column_{at}"].explode() for at in range(len(wanted))]
    arrays = [_coded(part) if part.dtype == pl.String else part.to_numpy() for part in parts]
    for place, end, rows in zip(_places(told), ends.tolist(), told["rows"], strict=True):
        yield place, tuple(column[end - rows : end] for column in arrays)


def _of_each(frame: pl.DataFrame, *figures: pl.Expr) -> pl.DataFrame:
    """Some figures of each probe of a frame, with its site (empty where the frame has none) and id."""
    import polars as pl

    texts = pl.col("site", "probe_id") if "site" in frame.columns else pl.col("probe_id")
    frame = frame.with_columns(texts.cast(pl.String))
    sites = frame["site"] if "site" in frame.columns else pl.Series([""])
    if len(sites) and (sites == sites[0]).all():
        # Of one site, as a file is, its name need not be looked at in each row.
        return frame.group_by("probe_id").agg(*figures).with_columns(site=pl.lit(sites[0]))
    return frame.group_by("site", "probe_id").agg(*figures)


def _places(told: pl.DataFrame) -> Iterator[Place]:
    return map(Place, told["site"], told["probe_id"])


def _epoch_ms() -> pl.Expr:
    import polars as pl

    return pl.col("time").dt.epoch("ms")


def _column(name: str) -> pl.Expr:
    """One as numbers, NaN or −1 where there is none; of boots the texts."""
    import polars as pl

    if name == "boot":
        return pl.col(name).cast(pl.String)
    kind, none = (pl.Float64, float("nan")) if name == "temperature_c" else (pl.Int64, -1)
    return pl.col(name).cast(kind).fill_null(none)


def _coded(boots: pl.Series) -> npt.NDArray[np.int64]:
    """A boot as a number, the same in every partition; −1 where there is none."""
    # One follows itself for long.
    first = np.flatnonzero(np.r_[True, boots.ne_missing(boots.shift(1))[1:].to_numpy()])[: len(boots)]
    texts = boots.gather(first).to_list()
    codes = {text: _code(text) for text in set(texts)}
    return np.repeat([codes[text] for text in texts], np.diff(np.r_[first, len(boots)]))


def _code(text: str | None) -> int:
    if text is None:
        return -1
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
