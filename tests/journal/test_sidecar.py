"""A closed month's segments: they answer what its Parquet file would, and nothing depends on them."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from journal.journal_harness import T0, close_months, journal, pack_all
from journal.test_imports import staged
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import FIELDS, JUNCTION, Keeper, Reader, register, undo_import
from temphub_kernel.journal.archive import sidecar, sidecar_process
from temphub_kernel.journal.archive.months import FOLDER
from temphub_kernel.journal.schema import BLOCK_ROWS

DAY_MS = 86_400_000
LONG_AGO = T0 - 60 * DAY_MS
COUNT = 4 * BLOCK_ROWS
EVERYTHING = (*FIELDS, *JUNCTION)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a closed month of three probes, one with a thermocouple's chip: gaps, faults, late ones,
    two readings at a time, one without a number."""
    chance, folder = random.Random(5), tmp_path_factory.mktemp("closed")
    rows = []
    for n in range(COUNT):
        probe, taken_ms = (
            chance.choice("PQR"),
            LONG_AGO + n * 20_000 + chance.randrange(-30_000, 30_000, 10_000),
        )
        units = None if chance.random() < 0.02 else chance.randrange(-400, 400) * 625_000
        said = (chance.randrange(2_000), 1_472) if probe == "R" else None
        quality = "crc" if units is None else None
        boot, seq = (None, None) if n % 50 == 0 else ("b00t", n)
        rows.append(Row(probe, boot, seq, taken_ms, taken_ms + 80, units, quality, said))
    rows += [Row("P", "now", n, T0 + n, T0 + n + 5, 0, None) for n in range(2 * BLOCK_ROWS)]
    with journal(folder) as j:
        j.writer.store(rows)
        j.roll_up()
        pack_all(j)
        assert len(close_months(j, T0)) == 1
    return folder


@pytest.fixture
def there(closed: Path, tmp_path: Path) -> Path:
    """A copy of it, with segments; its Parquet file."""
    shutil.copytree(closed, tmp_path, dirs_exist_ok=True)
    (month,) = (tmp_path / FOLDER).glob("*.parquet")
    assert sidecar_process.write(tmp_path / "temphub.sqlite3", month.name) > COUNT - 1_000
    return month


def answers(folder: Path) -> list[np.ndarray]:
    """All columns of spans of some probes, and by number."""
    found = []
    with Reader(folder / "temphub.sqlite3") as reader:
        for from_ms, to_ms, ids in (
            (0, T0, None),
            (LONG_AGO + DAY_MS // 3, LONG_AGO + DAY_MS, ["Q"]),
            (LONG_AGO, LONG_AGO + 90_000, ["P", "R"]),
            (LONG_AGO - DAY_MS, LONG_AGO - 60_000, None),
        ):
            found += reader.columns(from_ms, to_ms, ids, fields=EVERYTHING)[1:]
            for at_once in (False, True):
                pieces = list(reader.stream(from_ms, to_ms, ids, most=3_000, at_once=at_once))
                found += [np.concatenate([piece.no for piece in pieces] or [np.zeros(0)])]
        found += reader.behind(1_000, 7_000)[1:]
        found += reader.steps(LONG_AGO - 1, LONG_AGO + 5 * DAY_MS + 7, 1_000)[1]
    return found


def same(mine: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(mine) == len(other) and all(map(np.array_equal, mine, other))


def test_segments_answer_what_the_file_would(
    there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any columns, spans, probes, pieces and numbers are the same to the last bit, and the file is not read
    for them."""
    beside = sidecar.path_of(there)
    asked = list[int]()
    read = sidecar.read
    monkeypatch.setattr(sidecar, "read", lambda *words: asked.append(1) or read(*words))
    mine = answers(tmp_path)
    assert asked and beside.stat().st_size < there.stat().st_size
    del asked[:]
    beside.rename(tmp_path / "aside")
    assert same(mine, answers(tmp_path)) and not asked


def flipped(at: float) -> Callable[[Path], object]:
    def flip(path: Path) -> None:
        body = bytearray(path.read_bytes())
        body[int(at * len(body))] ^= 1
        path.write_bytes(body)

    return flip


SPOILT: dict[str, Callable[[Path], object]] = {
    "a bit of a reading": flipped(0.5),
    "a bit of its end": flipped(0.9999),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_bytes(b"TempHub" * 1_000),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", SPOILT)
def test_where_segments_are_spoilt_the_file_answers(how: str, there: Path, tmp_path: Path) -> None:
    """A bit that turned, a file cut short, empty, another or gone: the answers stay those of the month's own
    file."""
    mine = answers(tmp_path)
    SPOILT[how](sidecar.path_of(there))
    assert same(mine, answers(tmp_path))


def test_segments_of_another_file_or_journal_are_not_taken(there: Path, tmp_path: Path) -> None:
    """They hold beside the very file that they were made of, and in a journal that numbers probes alike; a
    file that is not as it was written is told although they are whole."""
    path = tmp_path / "temphub.sqlite3"
    (digest,) = archived(path)
    assert sidecar.found_beside(there, digest) and sidecar.found_beside(there, "") is None
    whose = {id_: readings_of(path, id_) for id_ in "PQR"}
    with journal(tmp_path) as j:
        for statement in (
            "UPDATE probes SET id = CASE id WHEN 'P' THEN 'Q#' WHEN 'Q' THEN 'P#' ELSE id END",
            "UPDATE probes SET id = rtrim(id, '#')",
        ):
            j.writer.change(lambda db, statement=statement: db.execute(statement).rowcount).result(PATIENCE_S)
    # The file has ids, and no numbers.
    assert {id_: readings_of(path, id_) for id_ in "PQR"} == whose
    flipped(0.3)(there)
    with Reader(path) as reader, pytest.raises(TempHubError, match="cannot be read"):
        reader.columns(0, T0)


def archived(path: Path) -> list[str]:
    with Reader(path) as reader:
        return [one.sha256 for one in reader.archives()]


def readings_of(path: Path, probe_id: str) -> list[int]:
    with Reader(path) as reader:
        return reader.columns(0, LONG_AGO + 10 * DAY_MS, [probe_id]).no.tolist()


def test_the_keeper_writes_them_and_an_undone_import_takes_them_along(tmp_path: Path) -> None:
    """Beside each month's and each imported file stand segments soon, of a restored back-up as well; they go
    with an import."""
    with journal(tmp_path) as j:
        j.writer.store([Row("P", None, None, T0, T0, 1, None)])
        j.roll_up()
        hours = [(LONG_AGO + n * 3_600_000, n) for n in range(300)]
        register(j.writer, staged(j, {"P": hours, "Q": hours}))
        beside = tmp_path / FOLDER / "imported-one.segments"
        before = answers(tmp_path)
        keeper = Keeper(j.path, j.writer, every_s=0.01)
        keeper.start()
        wait_for(beside.exists, 60)
        assert keeper.state().problem == "" and keeper.stop(10)
        assert same(before, answers(tmp_path))
        undo_import(j.writer, 1)
        assert list((tmp_path / FOLDER).iterdir()) == []
