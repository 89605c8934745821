"""Files as they lie on disks: half written, padded, with any line ends and codes, of a program that changed
its columns. Each reading is there once or is told; nothing half becomes a value."""

import os
import time

import pytest

from strangers.test_import_files import ms, stored
from temphub_kernel.cli import main

START = ms("2026-01-31T10:00:00")
ROWS = [f"2026-01-31T10:0{at}:00Z,P,{20 + at}.5" for at in range(4)]
LINES = ["timestamp,probe_id,temperature_c", *ROWS]
WANTED = {"P": [(START + 60_000 * at, 20.5 + at) for at in range(4)]}
MIXED = "\r\n".join(LINES[:2]) + "\n" + "\r".join(LINES[2:4]) + "\r\r\n" + LINES[4]


@pytest.fixture
def took_in(data_dir, tmp_path, monkeypatch, capsys):
    """(what the journal has, what was said) after an import of these bytes."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    def take(body, *said, name="log.csv", code=0, age_s=3600):
        file = tmp_path / name
        if body is not None:
            file.write_bytes(body)
            os.utime(file, (time.time() - age_s,) * 2)
        assert main(["import", str(file), "--yes", *said]) == code, capsys.readouterr()
        told = capsys.readouterr()
        journal = data_dir / "temphub.sqlite3"
        return stored(journal) if journal.exists() else {}, told.out + told.err

    return take


@pytest.mark.parametrize(
    "body",
    [
        "\r".join(LINES).encode(),
        MIXED.encode(),
        "\n\n".join(["", *LINES, "", ""]).encode(),
        "\r\n".join(LINES).encode("utf-16"),
        ("\ufeff" + "\r\n".join(LINES)).encode("utf-16-be"),
        "\r\n".join(LINES).encode("utf-16-le"),
        "\n".join(LINES).encode() + b"\n" + bytes(300_000),
        "\n".join([*LINES[:3], "\0" * 64 + LINES[3], *LINES[4:]]).encode(),
    ],
    ids=[
        "old Mac",
        "mixed ends",
        "blank lines",
        "UTF-16",
        "UTF-16 BE",
        "no BOM",
        "zeros after",
        "zeros within",
    ],
)
def test_line_ends_and_codes(body, took_in):
    """Whatever parts the lines, and whatever a power cut left between them, the readings are the same."""
    assert took_in(body)[0] == WANTED


def test_a_file_that_is_being_written(took_in, tmp_path):
    """Its last line may be half, which is another number: it is left out and said, and taken when it is
    whole. Of a file that nobody writes any more the last line counts."""
    whole = "\n".join(LINES).encode()
    readings, told = took_in(whole[:-3], age_s=0)
    assert readings == {"P": WANTED["P"][:3]} and "its last line" in told
    assert took_in(whole + b"\n", age_s=0)[0] == WANTED
    more = "\n".join([*LINES, "2026-01-31T10:04:00Z,P,24.5"]).encode()
    assert took_in(more)[0]["P"][-1] == (START + 240_000, 24.5)
    half = took_in("\n".join(LINES).encode("utf-16-le")[:-6], name="half.csv", age_s=0)
    assert "its last line" in half[1] and half[0]["P"][:4] == WANTED["P"]


@pytest.mark.parametrize(
    "body, said",
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe\r\0\n\0", "empty"),
        (bytes(5000), "empty"),
        (b"SQLite format 3\0" + bytes(200), "cannot be read"),
        (b"timestamp,probe_id," + b"x" * 400_000 + b"\n" + "\n".join(ROWS).encode(), "no table"),
        (b"PAR1" + bytes(60), ""),
        (b'timestamp,"probe_id\n2026-01-31T10:00:00Z,"P,20.5\n', ""),
    ],
    ids=[
        "empty",
        "BOM",
        "BOM and an end",
        "zeros",
        "no database",
        "huge first line",
        "no Parquet",
        "a quote",
    ],
)
def test_what_cannot_be_read_is_said(body, said, took_in):
    """In words, without a trace, and nothing of it is there."""
    readings, told = took_in(body, code=1)
    assert not readings and said in told and "What to do: " in told
    assert "Traceback" not in told and "unforeseen" not in told


def test_a_folder_and_a_file_that_may_not_be_read(took_in, tmp_path):
    """Each is said as what it is."""
    (tmp_path / "folder").mkdir()
    assert "is a folder" in took_in(None, name="folder", code=1)[1]
    assert "no file" in took_in(None, name="nowhere.csv", code=1)[1]
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert "Traceback" not in took_in(None, name="loop.csv", code=1)[1]


@pytest.mark.parametrize(
    "text, said, wanted",
    [
        (
            "timestamp,temperature_c,probe_id\n2026-01-31T11:00:00.250000,23.8,TempProbe-0096\n",
            ("--tz", "Europe/Berlin"),
            {"TempProbe-0096": [(START + 250, 23.8)]},
        ),
        (
            "time,probe,temp_c,ip\n1769853600.5,TempProbe-0096,23.8,192.168.1.7\n",
            (),
            {"TempProbe-0096": [(START + 500, 23.8)]},
        ),
        (
            "Zeitpunkt;Sonde;Temperatur (°C)\n31.01.2026 11:00:00;TempProbe-0096;23,8\n",
            ("--tz", "Europe/Berlin", "--name-column", "Sonde"),
            {"TempProbe-0096": [(START, 23.8)]},
        ),
        (
            "probe_id,temperature_c,timestamp\nTempProbe-0096,23.8,2026-01-31 10:00:00+00:00\n"
            ",nan,2026-01-31 10:00:02+00:00\n",
            (),
            {"TempProbe-0096": [(START, 23.8)], "imported": [(START + 2000, "missing")]},
        ),
        (
            "2026-01-31 10:00:00,TempProbe-0096,23.8\n2026-01-31 10:00:02,adhoc,22.3\n",
            ("--tz", "UTC", "--unit", "C", "--name-column", "2"),
            {"TempProbe-0096": [(START, 23.8)], "adhoc": [(START + 2000, 22.3)]},
        ),
    ],
    ids=["local time", "seconds since 1970", "saved by Excel", "another order", "without a heading"],
)
def test_the_earlier_hubs_log_whatever_its_columns(text, said, wanted, took_in):
    """The owner's document names the log and not its columns: each way that a program after it writes one."""
    assert took_in(text.encode("cp1252"), *said, name="temperature_log.csv")[0] == wanted


def test_columns_that_grew(took_in):
    """A program that was given more columns goes on in the same file: with a new heading, or with longer
    lines; a program that was only started again writes the same heading."""
    body = "\n".join(
        [
            "timestamp,temperature_c",
            *[f"2026-01-31T10:00:0{at}Z,1{at}.5" for at in range(3)],
            "timestamp,temperature_c",
            "2026-01-31T10:00:03Z,13.5",
            "timestamp,temperature_c",
            "timestamp,probe_id,battery_v,temperature_c,quality",
            *[f"2026-01-31T10:00:0{at}Z,P,3.{at},2{at}.5," for at in range(4, 9)],
            "2026-01-31T10:00:09Z,P,3.1,,open,more",
            "",
        ]
    )
    readings, told = took_in(body.encode())
    early, late = ([(START + 1000 * at, 10.5 + at) for at in range(4)], range(4, 9))
    later = [(START + 1000 * at, 20.5 + at) for at in late]
    assert readings["log"] == early and readings["P"][:5] == later, told
    assert "2 tables below one another" in told


def test_a_second_table_far_down(took_in):
    """Where the heading changes long after what is looked at first."""
    head, more = (
        "timestamp,temperature_c\n",
        "timestamp,probe_id,temperature_c\n2026-01-31T10:00:00Z,P,20.5\n",
    )
    rows = "".join(
        f"2026-01-30T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}Z,10.5\n" for at in range(20_000)
    )
    readings, _ = took_in((head + rows + more).encode())
    assert len(readings["log"]) == 20_000 and readings["P"] == [(START, 20.5)]
