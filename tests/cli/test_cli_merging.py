"""`temphub probes --merge FROM INTO` and `--unmerge ID`, told to a running hub."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

import temphub_kernel as th
from support.endpoint import Hub
from temphub_kernel.cli import main
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_units

MINUTE_MS = 60_000


@pytest.fixture
def hub(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that runs elsewhere, which the environment points to: an old board with an hour of readings, a
    new one with the next."""
    found = Hub(data_dir)
    for name, value in {
        "DATA_DIR": str(data_dir),
        "PORT": str(found.port),
        "HOST": "127.0.0.1",
        "TEMPHUB_ROLE": "viewer",
    }.items():
        monkeypatch.setenv(name, value)
    store(found, "old", 4.0, range(120, 60, -1))
    store(found, "new", 5.0, range(60, 0, -1))
    assert found.ask("POST", "/api/describe", {"probe_id": "old", "alias": "Cold room 2"})[0] == 200
    yield found
    th.stop()
    found.stop()


def store(hub: Hub, probe_id: str, celsius: float, minutes_ago: range) -> None:
    now = now_ms()
    times = [now - minutes * MINUTE_MS for minutes in minutes_ago]
    hub.writer.store([Row(probe_id, None, None, ms, ms, to_units(celsius), None) for ms in times])


def listed(hub: Hub) -> list[str]:
    return [one["id"] for one in hub.ask("GET", "/api/probes")[1]["probes"]]


def type_in(monkeypatch: pytest.MonkeyPatch, text: str, *, terminal: bool = True) -> None:
    """What stands at the command's other end."""
    typed = io.StringIO(text)
    monkeypatch.setattr(typed, "isatty", lambda: terminal, raising=False)
    monkeypatch.setattr("sys.stdin", typed)


def test_a_merge_asks_first_and_can_be_taken_back(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a yes merges, or --yes where nobody can be asked; names mean probes; the way back is said, and
    leads back."""
    merge = ["probes", "--merge", "new", "cold room 2"]
    type_in(monkeypatch, "y\n", terminal=False)
    assert main(merge) == 1
    refused = capsys.readouterr().err
    assert "Nobody could be asked whether to merge new into old" in refused and "Add --yes" in refused
    type_in(monkeypatch, "\n")
    assert main(merge) == 0
    asked = capsys.readouterr().out
    assert "Have new count as old from now on" in asked and "Nothing was changed." in asked
    assert listed(hub) == ["new", "old"]
    type_in(monkeypatch, "y\n")
    assert main(merge) == 0
    said = capsys.readouterr().out
    assert "new counts as old now" in said
    assert listed(hub) == ["old"] and len(th.load(probe="Cold room 2")) == 120
    back = said.rpartition("Take it back with: temphub ")[2].split()
    assert back == ["probes", "--unmerge", "new"]
    assert (
        main(back) == 0 and "new stands for itself again, with all its readings." in capsys.readouterr().out
    )
    assert listed(hub) == ["new", "old"] and len(th.load(probe="old")) == 60
    assert main([*merge, "--yes"]) == 0 and listed(hub) == ["old"]


def test_two_that_measured_at_the_same_time_are_merged_only_on_demand(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two probes with readings of the same time are most likely two places: refused with the time, and with
    what to add if they are not."""
    store(hub, "other", 6.0, range(60, 0, -1))
    assert main(["probes", "--merge", "other", "new", "--yes"]) == 1
    assert "--overlap" in capsys.readouterr().err and listed(hub) == ["new", "old", "other"]
    assert main(["probes", "--merge", "other", "new", "--yes", "--overlap"]) == 0
    assert listed(hub) == ["new", "old"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--merge", "nobody", "old", "--yes"], "No probe 'nobody'"),
        (["--merge", "new", "nobody", "--yes"], "No probe 'nobody'"),
        (["--merge", "old", "old", "--yes"], "old"),
        (["--unmerge", "old"], "counts as no other probe"),
        (["--unmerge", "nobody"], "No probe 'nobody'"),
    ],
)
def test_what_cannot_be_merged_is_said(
    hub: Hub, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    """A probe that is not there, one with itself, one that was never merged: words, and nothing has
    changed."""
    assert main(["probes", *given]) == 1
    assert said in capsys.readouterr().err and listed(hub) == ["new", "old"]
