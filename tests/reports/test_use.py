"""Reports in use: which time is meant, the command, the check of a file, and last month's by themselves."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timezone
from pathlib import Path

import pytest

from reports.conftest import DAYS, FRIDGE, T0
from temphub_kernel.cli import main
from temphub_kernel.core.clock import DAY_MS, HOUR_MS
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.settings import Settings
from temphub_kernel.journal import Writer, strike_out
from temphub_kernel.reports import Schedule, make_report, order, schedule
from temphub_kernel.reports.make import MARK
from temphub_kernel.reports.verify import claim_of


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "first", "end"),
    [
        ("2026-10", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("2026-W44", "2026-10-25T23:00", "2026-11-01T23:00"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("last-month", "2026-10-31T23:00", "2026-11-30T23:00"),
        ("last-week", "2026-12-06T23:00", "2026-12-13T23:00"),
        ("yesterday", "2026-12-14T23:00", "2026-12-15T23:00"),
        ("", "2026-10-31T23:00", "2026-11-30T23:00"),
    ],
)
def test_a_time_is_one_of_the_clock(
    monkeypatch: pytest.MonkeyPatch, period: str, first: str, end: str
) -> None:
    """A month, week or day is that of the zone's clock, also where it is put back within it."""
    monkeypatch.setattr(order, "now_ms", lambda: utc("2026-12-15T23:30"))
    found = make_report(period=period, zone="Europe/Berlin")
    assert (found.from_ms, found.to_ms) == (utc(first), utc(end))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"period": "soon"}, "bad_for"),
        ({"period": "2026-13"}, "bad_for"),
        ({"period": "9999"}, "bad_for"),
        ({"period": "0001-01-01", "zone": "Pacific/Apia"}, "bad_for"),
        ({"start": "2026-10-01"}, "bad_to"),
        ({"start": "2026-10-02", "end": "2026-10-01"}, "bad_from"),
        ({"start": "1", "end": "x" * 200}, "bad_from"),
        ({"zone": "Mars"}, "bad_tz"),
        ({"probes": ["=1+1"]}, "bad_probe_id"),
        ({"probes": ["P"], "group": "G"}, "bad_group"),
        ({"title": "x" * 121}, "bad_title"),
        ({"form": "docx"}, "bad_format"),
        ({"language": "xx"}, "bad_language"),
        ({"paper": "a3"}, "bad_paper"),
        ({"limit_high_c": "warm"}, "bad_limit"),
    ],
)
def test_wrong_orders_are_refused_in_words(wrong: dict[str, str], code: str) -> None:
    """What cannot be made is said with the way out."""
    with pytest.raises(TempHubError) as caught:
        make_report(**wrong)  # type: ignore[arg-type]
    assert caught.value.code == code and caught.value.remedy


def test_the_command_and_its_check(
    own_kitchen: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`temphub report` makes a file and overwrites none; `--verify` finds it good, finds a number that was
    changed in the file, and says what is not in the journal as it was."""
    folder = own_kitchen.parent
    monkeypatch.chdir(folder)
    words = ["report", "--for", "2026-10", "--group", "kitchen", "--tz", "Europe/Berlin", "--format", "html"]
    assert main(words) == 0
    (path,) = folder.glob("temphub-report-2026-10-01-to-2026-10-31-kitchen.html")
    assert main(words) == 1 and "--force" in capsys.readouterr().err
    assert main(["report", "--verify", path.name]) == 0 and "to the last byte" in capsys.readouterr().out
    forged = folder / "forged.html"
    forged.write_bytes(path.read_bytes().replace(b"11.50", b"7.50"))
    assert (
        main(["report", "--verify", "forged.html"]) == 1
        and "it was changed afterwards" in capsys.readouterr().out
    )
    writer = Writer(own_kitchen)
    writer.start()
    strike_out(writer, FRIDGE, T0 + DAY_MS * 3, T0 + DAY_MS * 3 + HOUR_MS, "doubtful")
    assert writer.stop(30)
    assert main(["report", "--verify", path.name]) == 1
    said = capsys.readouterr().out
    assert "the readings, remarks, or what is struck out." in said and "limits" not in said


@pytest.mark.parametrize(
    "words",
    [
        ["--group", "Attic"],
        ["--probe", "nobody"],
        ["--out", "x.docx"],
        ["--for", "2026-10", "--from", "2026-10-01"],
    ],
)
def test_wrong_options_end_in_words(
    kitchen: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    """What cannot be reported is said with the way out, and no file is made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(kitchen.parent))
    assert main(["report", *words]) == 1
    said = capsys.readouterr().err
    assert (
        "Problem: " in said
        and "What to do: " in said
        and "Traceback" not in said
        and not list(tmp_path.iterdir())
    )


GOOD = {"from_ms": T0, "to_ms": T0 + DAYS * DAY_MS}


@pytest.mark.parametrize(
    "said",
    [
        b"no report",
        b"[]",
        {"order": GOOD},
        {"order": {**GOOD, "from_ms": "0"}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": {**GOOD, "zone": "../../etc/passwd"}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": {**GOOD, "language": "../en"}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": {**GOOD, "probe_ids": [["x"]]}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": {**GOOD, "title": 5}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": GOOD, "made_ms": -5, "version": "0", "parts": {}},
        {"order": {**GOOD, "to_ms": 10**40}, "made_ms": 1, "version": "0", "parts": {}},
        {"order": {**GOOD, "limit_high_c": float("nan")}, "made_ms": 1, "version": "0", "parts": {}},
    ],
)
def test_a_file_that_is_no_report(said: "bytes | dict[str, object]", tmp_path: Path) -> None:
    """Whatever a file says of itself, the check ends in words."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    with pytest.raises(TempHubError) as caught:
        claim_of(
            b"%PDF " + MARK.encode() + urlsafe_b64encode(raw + b" " * 40).rstrip(b"="), tmp_path / "x.pdf"
        )
    assert caught.value.code == "no_report"


def test_last_months_reports_come_by_themselves(
    kitchen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a month is over its reports lie in the folder, of all and of each group, each written once; before
    that there is none."""
    folder = tmp_path / "Berichte"
    settings = Settings.from_environ(
        {"DATA_DIR": str(kitchen.parent), "REPORTS_DIR": str(folder), "REPORTS_LANGUAGE": "de"}
    )
    monkeypatch.setenv("TZ", "UTC")
    november = utc("2026-11-01T00:00")
    monkeypatch.setattr(order, "now_ms", lambda: november + 7 * HOUR_MS)
    worker = Schedule(settings)
    assert worker.write_missing(november + 5 * HOUR_MS) == []
    written = worker.write_missing(november + 7 * HOUR_MS)
    names = [f"temphub-report-2026-10-01-to-2026-10-31{whose}.pdf" for whose in ("", "-Kitchen")]
    assert [path.name for path in written] == names and not worker.state().problem
    assert all(path.read_bytes().startswith(b"%PDF") for path in written) and sorted(
        path.name for path in folder.iterdir()
    ) == sorted(names)
    assert worker.write_missing(november + 8 * HOUR_MS) == []


def test_a_folder_that_cannot_be_written(
    kitchen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that cannot be written is told, with what to do, and tried again."""
    (tmp_path / "taken").write_text("a file")
    settings = Settings.from_environ(
        {"DATA_DIR": str(kitchen.parent), "REPORTS_DIR": str(tmp_path / "taken" / "in it")}
    )
    november = utc("2026-11-02T00:00")
    monkeypatch.setattr(order, "now_ms", lambda: november)
    monkeypatch.setattr(schedule, "make_report", lambda **more: make_report(zone="UTC", **more))
    worker = Schedule(settings)
    assert worker.write_missing(november) == []
    assert "was not written into" in worker.state().problem and "temphub report" in worker.state().remedy
