"""History as others write it becomes readings: the right moment, the right temperature, whose it is."""

from datetime import datetime, timezone

import pytest

from strangers.history import HISTORIES
from temphub_kernel.cli import main
from temphub_kernel.journal import NO_VALUE, QUALITY, Reader


def stored(journal):
    """{probe: [(ms, °C or the quality)]} of all that the journal has."""
    found = {}
    with Reader(journal) as reader:
        for columns in reader.stream(0, 2**53):
            for row in zip(
                columns.probe.tolist(),
                columns.taken_ms.tolist(),
                columns.units.tolist(),
                columns.quality.tolist(),
                strict=True,
            ):
                value = QUALITY[row[3]] if row[2] == NO_VALUE else row[2] / 1e7
                found.setdefault(columns.ids[row[0]], []).append((row[1], value))
    return found


def ms(text):
    """A moment in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda one: one.name)
def test_each_form_is_read(history, data_dir, tmp_path, monkeypatch, capsys):
    """Recognised by what stands in it, with no more said than nobody could see."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    file = tmp_path / history.name
    file.write_bytes(history.body)
    assert main(["import", str(file), "--yes", *history.said]) == 0, capsys.readouterr()
    wanted = {id_: [(ms(at), value) for at, value in rows] for id_, rows in history.readings.items()}
    assert stored(data_dir / "temphub.sqlite3") == wanted, capsys.readouterr().out


def test_nothing_is_guessed_and_nothing_else_is_taken(data_dir, tmp_path, monkeypatch, capsys):
    """Without a word about what nobody can see (the unit, day before month), and of what is no table at all,
    nothing is imported, and it is said what to do."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    cases = {
        "unit.csv": (b"time,value\n2024-01-31 10:00,21.5\n", "--unit"),
        "order.csv": (b"time,temp_c\n01/02/2024 10:00,21.5\n", "--day-first"),
        "empty.csv": (b"", "empty"),
        "words.txt": (b"nothing here\nat all\n", "no table"),
        "packed.zip": (b"PK\x05\x06" + bytes(18), "Unpack it"),
        "packed.gz": (b"\x1f\x8b\x08\x00" + bytes(9), "Unpack it"),
        "paper.pdf": (b"%PDF-1.7\n", "CSV or XLSX"),
        "mean.csv": (
            b"start,local_time,probe_id,min_c,mean_c,max_c,count,name\n2024-01-01T00:00:00Z,,P,1,2,3,4,P\n",
            "--every",
        ),
    }
    for name, (body, told) in cases.items():
        (tmp_path / name).write_bytes(body)
        assert main(["import", str(tmp_path / name), "--yes"]) == 1
        said = capsys.readouterr()
        assert told in said.out + said.err, said
    assert main(["import", str(tmp_path / "order.csv"), "--yes", "--day-first", "--tz", "UTC"]) == 0
    assert stored(data_dir / "temphub.sqlite3") == {"order": [(ms("2024-02-01T10:00:00"), 21.5)]}
    assert not (data_dir / "importing").exists()


def test_twice_is_once_and_what_is_there_stays(data_dir, tmp_path, monkeypatch, capsys):
    """The same file again adds nothing; another one adds what is new and changes no value; readings of the
    future, repeats and a line that is none are left out and said. Undone, only the rest is there."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    head = "timestamp,probe_id,temperature_c\n"
    first.write_text(
        head + "2024-01-01T00:00:00Z,P,1\n2024-01-01T00:01:00Z,P,85\n2024-01-01T00:02:00Z,P,-127\n"
    )
    second.write_text(
        head + "2024-01-01T00:00:00Z,P,9\n2024-01-01T00:03:00Z,P,2\n2024-01-01T00:03:00Z,P,2\n"
        "2099-01-01T00:00:00Z,P,3\n2024-01-01T00:04:00Z,P,warm\n\x00\n"
    )
    for file, told in ((first, "is import 1"), (first, "imported already"), (second, "is import 2")):
        assert main(["import", str(file), "--yes"]) == 0
        assert told in capsys.readouterr().out
    start = ms("2024-01-01T00:00:00")
    kept = [(start, 1.0), (start + 60_000, "power_on"), (start + 120_000, "missing")]
    assert stored(data_dir / "temphub.sqlite3") == {"P": [*kept, (start + 180_000, 2.0)]}
    assert main(["import", "--list"]) == 0 and "two.csv  1 readings of P" in capsys.readouterr().out
    assert main(["import", "--undo", "2"]) == 0 and main(["import", "--undo", "2"]) == 1
    assert stored(data_dir / "temphub.sqlite3") == {"P": kept}


def test_the_hour_that_comes_twice(data_dir, tmp_path, monkeypatch, capsys):
    """Where summer time ends, the order of the lines says which of both hours a time belongs to."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    file = tmp_path / "autumn.csv"
    clock = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    file.write_text("time;temp °C\n" + "".join(f"27.10.2024 {at};{n},5\n" for n, at in enumerate(clock)))
    assert main(["import", str(file), "--yes", "--tz", "Europe/Berlin"]) == 0
    assert "showed twice" in capsys.readouterr().out
    start = ms("2024-10-26T23:30:00")
    assert stored(data_dir / "temphub.sqlite3") == {
        "autumn": [(start + n * 1_800_000, n + 0.5) for n in range(6)]
    }


def test_two_names_do_not_become_one_probe_unasked(data_dir, tmp_path, monkeypatch, capsys):
    """Names that differ in signs which no id may have are told before anything is imported, also where the
    second stands far down; named, each is its own, or both are one."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    rows = [f"2024-01-01T00:{at // 60:02}:{at % 60:02}Z,A b,1\n" for at in range(600)]
    rows.append("2024-01-01T01:00:00Z,A+b,2\n")
    for name, lines in (("near.csv", rows[-2:]), ("far.csv", rows)):
        (tmp_path / name).write_text("timestamp,probe_id,temperature_c\n" + "".join(lines))
        assert main(["import", str(tmp_path / name), "--yes"]) == 1
        said = capsys.readouterr()
        assert "'A b' and 'A+b'" in said.out + said.err and "--probe" in said.out + said.err
    assert not (data_dir / "importing").exists()
    assert main(["import", str(tmp_path / "near.csv"), "--yes", "--probe", "A b=X", "--probe", "A+b=Y"]) == 0
    assert {id_: len(rows) for id_, rows in stored(data_dir / "temphub.sqlite3").items()} == {"X": 1, "Y": 1}
