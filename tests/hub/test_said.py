"""Calibrating from the command line and from a notebook: what the running hub is told, and how it is
shown."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

import temphub_kernel as th
from support.endpoint import Hub
from temphub_kernel.cli import main
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.names import CROWD
from temphub_kernel.core.reading import Row


@pytest.fixture
def hub(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that runs elsewhere, which the environment points to."""
    found = Hub(data_dir)
    for name, value in {
        "DATA_DIR": str(data_dir),
        "PORT": str(found.port),
        "HOST": "127.0.0.1",
        "TEMPHUB_ROLE": "viewer",
    }.items():
        monkeypatch.setenv(name, value)
    assert found.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})[0] == 200
    yield found
    th.stop()
    found.stop()


def test_calibrating_from_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """An offset, points from a date on, the end of a correction, and taking one back; what is in force is
    listed each time."""
    assert main(["calibrate"]) == 0 and "No probe is calibrated" in capsys.readouterr().out
    assert (
        main(["calibrate", "a", "--offset", "-0.3", "--from", "2026-01-01T00:00:00Z", "--note", "ice bath"])
        == 0
    )
    assert ": -0.3 °C  (ice bath)" in capsys.readouterr().out
    assert main(["calibrate", "a", "--points", "0.2=0", "99.1=100", "--from", "2026-06-01T00:00:00Z"]) == 0
    shown = capsys.readouterr().out
    assert (
        "from 2026-01-01T00:00Z to 2026-06-01T00:00Z: -0.3 °C" in shown
        and "to now: 0.2 → 0, 99.1 → 100 °C" in shown
    )
    assert (
        main(["calibrate", "a", "--none", "--from", "2026-07-01T00:00:00Z"]) == 0
        and "no correction" in capsys.readouterr().out
    )
    assert main(["calibrate", "--forget", "1"]) == 0 and "ice bath" not in capsys.readouterr().out
    assert (
        main(["calibrate", "b", "--offset", "1"]) == 1 and "No probe 'b' is known" in capsys.readouterr().err
    )


def test_calibrating_from_a_notebook(hub: Hub) -> None:
    """`th.calibrate` corrects what `th.load` gives from then on; `th.annotate` keeps a remark that
    `th.remarks` gives back."""
    th.calibrate("a", 0.5, start="2020-01-01")
    assert th.load()["a"].tolist() == [22.0] and th.load(raw=True)["a"].tolist() == [21.5]
    th.calibrate("a", [(0.0, 0.0), (100.0, 102.0)], start="2020-01-01")
    assert th.load()["a"].tolist() == [pytest.approx(21.93)]
    number = th.annotate("door open", "-5min", "now", probe="a")
    assert th.remarks(start="-1h")["number"].tolist() == [number]


def test_no_hub_to_tell(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a hub the command says so and what to do."""
    monkeypatch.setenv("PORT", "1")
    assert main(["calibrate", "a", "--offset", "1"]) == 1
    assert "No hub answers at http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--points", "1:2"], ["--from", "tomorrow", "--none"]])
def test_arguments_that_are_none(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A pair or a time that is none is shown with what it should look like."""
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", "a", *wrong])
    assert caught.value.code == 2 and "such as" in capsys.readouterr().err


def test_striking_out_from_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """A range no longer counts, is listed with its number and the way back, and counts again; without a time
    nothing happens."""
    assert main(["strike-out"]) == 0 and "Nothing is struck out" in capsys.readouterr().out
    assert (
        main(
            [
                "strike-out",
                "a",
                "--from",
                "2026-01-01T00:00:00Z",
                "--to",
                "2099-01-01T00:00:00Z",
                "--note",
                "a try",
            ]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert "no longer count" in shown and "--undo 1" in shown and "(a try)" in shown
    assert th.load().empty
    assert main(["strike-out", "--undo", "1"]) == 0 and "Nothing is struck out" in capsys.readouterr().out
    assert th.load()["a"].tolist() == [21.5]
    assert main(["strike-out", "a"]) == 1 and "Give --from" in capsys.readouterr().err
    assert main(["strike-out", "--undo", "7"]) == 1 and "Nothing with the number 7" in capsys.readouterr().err


def test_striking_out_from_a_notebook(hub: Hub) -> None:
    """What is struck out is not loaded, unless asked for: then without a temperature, marked, with what was
    sent; nothing looks lost."""
    number = th.strike_out("a", "-5min", "now", "a try")
    assert th.struck_out()[["number", "probe_id", "note"]].to_numpy().tolist() == [[number, "a", "a try"]]
    assert (
        th.load().empty
        and th.load(tidy=True).empty
        and th.scan().collect().is_empty()
        and th.load(every="1h").empty
    )
    marked = th.load(tidy=True, raw=True, struck_out=True)
    assert (
        marked["quality"].tolist() == ["struck_out"]
        and marked["raw_c"].tolist() == [21.5]
        and marked["temperature_c"].isna().all()
    )
    assert th.scan(struck_out=True).collect()["raw_c"].to_list() == [21.5]
    whole = th.completeness(th.load(tidy=True, numbered=True))
    assert whole[["stored", "missing", "bad"]].to_numpy().tolist() == [[1, 0, 0]]
    assert th.strike_out("a", "-1h", undo=True) == [] and th.strike_out("a", "-5min", "now", undo=True) == [
        number
    ]
    assert th.load()["a"].tolist() == [21.5]


def test_a_thermocouple_from_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """A probe's numbers are corrected for a type, listed with what remains uncertain, and count as they were
    sent when it is undone."""
    assert main(["thermocouple"]) == 0 and "No probe is corrected" in capsys.readouterr().out
    asked = [
        "thermocouple",
        "a",
        "--type",
        "t",
        "--from",
        "2020-01-01T00:00:00Z",
        "--cold",
        "30",
        "--within",
        "5",
        "--note",
        "old firmware",
    ]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "a is corrected for type T; what it sent is kept. Take it back with --undo 1" in shown
    assert (
        "from 2020-01-01T00:00Z to now: type T on a MAX31855  (old firmware)" in shown
        and "taken for 30 ± 5 °C: ±" in shown
    )
    assert th.load()["a"].tolist() != [21.5] and th.load(raw=True)["a"].tolist() == [21.5]
    assert (
        main(["thermocouple", "a", "--type", "K"]) == 1 and "number 1 says already" in capsys.readouterr().err
    )
    assert main(["thermocouple", "a"]) == 1 and "Give --type" in capsys.readouterr().err
    assert main(["thermocouple", "--undo", "1"]) == 0 and "No probe is corrected" in capsys.readouterr().out
    assert (
        main(["thermocouple", "--undo", "7"]) == 1
        and "no thermocouple with the number 7" in capsys.readouterr().err
    )
    assert th.load()["a"].tolist() == [21.5]


def test_a_thermocouple_from_a_notebook(hub: Hub) -> None:
    """The same in Python; a value says how uncertain it is, and the statement for which temperatures by how
    much."""
    assert hub.ask("POST", "/api/describe", {"probe_id": "a", "alias": "Kiln"})[0] == 200
    number = th.thermocouple(
        "kiln", "T", start="2020-01-01", end="2090-01-01", cold_c=20.0, cold_within_c=10.0
    )
    frame = th.thermocouples()
    assert frame["number"].tolist() == [number] * len(frame) and frame["at_c"].tolist() == [-150, 0, 100, 300]
    assert (frame["end"].notna() & (frame["uncertain_c"] > 0)).all() and set(frame["type"]) == {"T"}
    (row,) = th.load(tidy=True, raw=True).itertuples()
    assert row.raw_c == 21.5 != row.temperature_c and 0 < row.uncertain_c < 8
    assert th.scan().collect()["temperature_c"].to_list() == [row.temperature_c]
    assert (
        th.thermocouple("Kiln", None) == [number]
        and th.thermocouples().empty
        and th.load()["a"].tolist() == [21.5]
    )


def test_a_probe_is_named_as_on_the_page(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the command line or a notebook asks for a probe its name does; the id is what is said. A name of
    two is refused."""
    for body in ({"probe_id": "b", "temperature_c": 4.0}, {"probe_id": "c", "temperature_c": 5.0}):
        assert hub.ask("POST", "/api/ingest", body)[0] == 200
    for id_, alias in (("a", "Cold room 2"), ("b", "Fridge"), ("c", "Fridge")):
        assert hub.ask("POST", "/api/describe", {"probe_id": id_, "alias": alias})[0] == 200
    assert main(["calibrate", "cold room 2", "--offset", "0.5", "--from", "2020-01-01T00:00:00Z"]) == 0
    assert main(["strike-out", "Cold room 2", "--from", "2021-01-01T00:00:00Z"]) == 0
    said = capsys.readouterr().out
    assert all(f"\na{what}" in f"\n{said}" for what in (" is corrected", ": readings from"))
    # Without a hub that claims probes `trust` ends in words; they name the probe that was meant.
    assert main(["trust", "Cold room 2"]) == 1 and "No probe a is known" in capsys.readouterr().err
    assert th.load("Cold room 2")["a"].tolist() == [22.0]
    th.calibrate("Cold room 2", 0.0, start="2020-01-01")
    assert th.annotate("door", "-5min", "now", probe="Cold room 2") and th.remarks(start="-1h")[
        "probe_id"
    ].tolist() == ["a"]
    assert th.strike_out("Cold room 2", "-5min", "now") and th.load("Cold room 2").empty
    for words in (
        ["calibrate", "Fridge", "--offset", "1"],
        ["trust", "fridge"],
        ["update", "Fridge"],
        ["probes", "--remove", "Fridge", "--yes"],
    ):
        assert main(words) == 1 and "Give the id: b, c." in capsys.readouterr().err
    assert (
        main(["probes", "--remove", "Cold room 2", "--yes"]) == 0
        and "In no list any more: a;" in capsys.readouterr().out
    )


def test_removing_from_the_command_line(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe is removed only after a yes; where nobody can be asked, only with --yes; its readings load by
    its id; it can be restored."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["probes", "--remove", "a"]) == 1 and "Add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", _Terminal("no\n"))
    assert main(["probes", "--remove", "a"]) == 0 and "Nothing was changed" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    assert main(["probes", "--remove", "a"]) == 0 and "the readings are kept" in capsys.readouterr().out
    assert th.load().empty and th.load(probe="a")["a"].tolist() == [21.5]
    assert main(["probes", "--restore", "a"]) == 0 and "In every list again: a." in capsys.readouterr().out
    assert th.load()["a"].tolist() == [21.5]
    assert (
        main(["probes", "--remove", "nobody", "--yes"]) == 1
        and "No probe 'nobody'" in capsys.readouterr().err
    )


def test_thousands_of_made_up_ids_are_removed_at_once(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids that somebody's try made up go with one pattern, in a few requests; a pattern that fits nothing
    changes nothing."""
    now = now_ms()
    hub.writer.store([Row(f"try-{n}", None, None, now, now, 1, None) for n in range(2_500)])
    assert (
        main(["probes", "--remove", "nothing-*", "--yes"]) == 1
        and "No probe's id is like" in capsys.readouterr().err
    )
    assert main(["probes", "--remove", "try-*", "--yes"]) == 0
    assert "and 2,492 more" in capsys.readouterr().out
    assert [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]] == ["a"]
    assert main(["probes", "--restore", "try-7", "try-9"]) == 0
    assert [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]] == ["a", "try-7", "try-9"]


class _Terminal(io.StringIO):
    """A person at a terminal who types this."""

    def isatty(self) -> bool:
        return True


def test_ids_that_came_once_go_with_one_command(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`temphub probes` counts them, --all lists them, --remove-unnamed removes all after a yes; nobody's own
    probe goes with them."""
    now = now_ms()
    hub.writer.store([Row(f"made-up-{n:03}", None, None, now, now, 1, None) for n in range(CROWD + 1)])
    assert hub.ask("POST", "/api/describe", {"probe_id": "a", "alias": "Mine"})[0] == 200
    assert main(["probes"]) == 0
    said = capsys.readouterr().out
    assert (
        f"Not listed: {CROWD + 1} unnamed ids" in said
        and "made-up" not in said
        and "--remove-unnamed" in said
    )
    assert main(["probes", "--all"]) == 0 and "made-up-200" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["probes", "--remove-unnamed"]) == 1 and "Add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", _Terminal("y\n"))
    assert (
        main(["probes", "--remove-unnamed"]) == 0
        and f"{CROWD + 1} in no list any more: made-up-000" in capsys.readouterr().out
    )
    assert [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]] == ["a"]
    assert main(["probes", "--remove-unnamed"]) == 0 and "There is no unnamed id" in capsys.readouterr().out


def test_what_looks_alike_is_said_and_more_probes_are_announced(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """`temphub probes` names ids that look alike; --expect has the hub take more new ones, a number that is
    none is refused in words."""
    now = now_ms()
    hub.writer.store([Row(id_, None, None, now, now, 1, None) for id_ in ("fridge-01", "fridge-0l")])
    assert main(["probes"]) == 0
    said = capsys.readouterr().out
    assert "fridge-0l looks like fridge-01" in said and "fridge-01 looks like fridge-0l" in said
    assert main(["probes", "--expect", "10000"]) == 0 and "10,000 new probes" in capsys.readouterr().out
    assert main(["probes", "--expect", "0"]) == 1 and "1 to 100000" in capsys.readouterr().err
