"""Calibrating from the command line and from a notebook: what the running hub is told, and how it is shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import temphub_kernel as th
from support.endpoint import Hub
from temphub_kernel.cli import main


@pytest.fixture
def hub(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that runs elsewhere, which the environment points to."""
    found = Hub(data_dir)
    for name, value in {"DATA_DIR": str(data_dir), "PORT": str(found.port), "HOST": "127.0.0.1", "TEMPHUB_ROLE": "viewer"}.items():
        monkeypatch.setenv(name, value)
    assert found.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})[0] == 200
    yield found
    th.stop()
    found.stop()


def test_calibrating_from_the_command_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """An offset, points from a date on, the end of a correction, and taking one back; what is in force is listed each time."""
    assert main(["calibrate"]) == 0 and "No probe is calibrated" in capsys.readouterr().out
    assert main(["calibrate", "a", "--offset", "-0.3", "--from", "2026-01-01T00:00:00Z", "--note", "ice bath"]) == 0
    assert ": -0.3 °C  (ice bath)" in capsys.readouterr().out
    assert main(["calibrate", "a", "--points", "0.2=0", "99.1=100", "--from", "2026-06-01T00:00:00Z"]) == 0
    shown = capsys.readouterr().out
    assert "from 2026-01-01T00:00Z to 2026-06-01T00:00Z: -0.3 °C" in shown and "to now: 0.2 → 0, 99.1 → 100 °C" in shown
    assert main(["calibrate", "a", "--none", "--from", "2026-07-01T00:00:00Z"]) == 0 and "no correction" in capsys.readouterr().out
    assert main(["calibrate", "--forget", "1"]) == 0 and "ice bath" not in capsys.readouterr().out
    assert main(["calibrate", "b", "--offset", "1"]) == 1 and "No probe 'b' is known" in capsys.readouterr().err


def test_calibrating_from_a_notebook(hub: Hub) -> None:
    """`th.calibrate` corrects what `th.load` gives from then on; `th.annotate` keeps a remark that `th.remarks` gives back."""
    th.calibrate("a", 0.5, start="2020-01-01")
    assert th.load()["a"].tolist() == [22.0] and th.load(raw=True)["a"].tolist() == [21.5]
    th.calibrate("a", [(0.0, 0.0), (100.0, 102.0)], start="2020-01-01")
    assert th.load()["a"].tolist() == [pytest.approx(21.93)]
    number = th.annotate("door open", "-5min", "now", probe="a")
    assert th.remarks("-1h")["number"].tolist() == [number]


def test_no_hub_to_tell(monkeypatch: pytest.MonkeyPatch, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
