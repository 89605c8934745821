"""`temphub alarms` against a real endpoint, and the same alarms as frames in a notebook."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import temphub_kernel as th
from support.endpoint import Hub
from temphub_kernel.alarms import Rule, Transition, life
from temphub_kernel.cli import main
from temphub_kernel.core.clock import MINUTE_MS, now_ms
from temphub_kernel.journal import change

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def hub(data_dir: Path) -> Iterator[Hub]:
    made = Hub(data_dir)
    made.ask("POST", "/api/ingest", {"temperature_c": 4, "probe_id": "fridge"})
    made.ask("POST", "/api/describe", {"probe_id": "fridge", "alias": "Fridge"})
    yield made
    made.stop()


@pytest.fixture
def command(hub: Hub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `temphub alarms …`: (exit code, what was said)."""
    monkeypatch.setenv("DATA_DIR", str(hub.settings.data_dir))
    monkeypatch.setenv("PORT", str(hub.port))

    def run(*options: str) -> tuple[int, str]:
        code = main(["alarms", *options])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_a_life_at_the_command_line(hub: Hub, command: Command) -> None:
    """A set is given to a probe by its name; its alarm is listed, acknowledged with a comment, acted upon and
    gone from the list; the frame of a notebook has it with times and types."""
    assert "No alarm is live" in command()[1] and "There is no rule" in command("--rules")[1]
    assert "5 rules were made" in command("--add-set", "refrigerator", "--probe", "Fridge")[1]
    assert "fridge: above 8 °C for 30 min  Refrigerator above 8 °C" in command("--rules")[1]
    rule, at_ms = Rule.from_json({"kind": "above", "limit_c": 8, "require_action": True}, no=1), now_ms()
    active = Transition(1, 1, "active", at_ms, at_ms - 30 * MINUTE_MS, 9.3, 9.9, at_ms)
    change(hub.writer, lambda book: life.take(book, [active], {1: rule}, (), at_ms))
    said = command()[1]
    assert (
        "WARNING   Fridge: 9.3 °C, above 8 °C since" in said
        and "not acknowledged; an action has to be written down" in said
    )
    assert command("--acknowledge", "1", "--comment", "closed the door", "--by", "Anna") == (
        0,
        "Alarm 1 is active and acknowledged.\n",
    )
    code, said = command("--act", "1")
    assert code == 1 and "Give --action, such as 'Closed the door'" in said
    cleared = active._replace(what="cleared")
    change(hub.writer, lambda book: life.take(book, [cleared], {1: rule}, (), at_ms))
    assert command("--act", "1", "--action", "Moved the goods") == (0, "Alarm 1 is cleared and closed.\n")
    assert (
        "No alarm is live" in command()[1] and "acknowledged by Anna: closed the door" in command("--all")[1]
    )
    assert "Moved the goods" in command("--find", "GOODS", "--probe", "Fridge", "--severity", "warning")[1]
    assert (
        command("--find", "goods", "--severity", "critical")[1]
        == command("--find", "nothing")[1]
        == "There is no such alarm.\n"
    )
    frame = th.alarms(data_dir=hub.settings.data_dir, tz="UTC")
    (row,) = frame.itertuples()
    assert (row.probe_id, row.cause, row.acknowledged_by, row.action, row.past) == (
        "fridge",
        "above",
        "Anna",
        "Moved the goods",
        False,
    )
    assert row.minutes == 30 and row.cleared - row.since == pd.Timedelta(minutes=30)
    assert str(frame.dtypes["since"]) == "datetime64[ms, UTC]" and isinstance(
        frame.dtypes["severity"], pd.CategoricalDtype
    )
    rules = th.rules(data_dir=hub.settings.data_dir)
    assert list(rules.limit_c.dropna()) == [8, 10, 2, 0] and rules.enabled.all()


def test_rules_and_mutes_at_the_command_line(hub: Hub, command: Command, tmp_path: Path) -> None:
    """A rule comes as JSON or from a file, is tried out, changed, switched off and deleted; a mute is begun
    and ended."""
    rule = {"kind": "above", "limit_c": 3, "delay_min": 0}
    (tmp_path / "rule.json").write_text(json.dumps(rule))
    assert command("--add", str(tmp_path / "rule.json"), "--probe", "Fridge") == (0, "Rule 1 is kept.\n")
    assert "1 alarm, of 0 min" in command("--preview", "1", "--days", "1")[1]
    assert "no alarm" in command("--preview", json.dumps({**rule, "limit_c": 30}))[1]
    assert command("--change", "1", json.dumps({**rule, "limit_c": 5})) == (0, "Rule 1 is changed.\n")
    command("--switch-off", "1")
    assert "above 5 °C  (off)" in command("--rules")[1].replace("   ", " ")
    assert command("--delete", "1")[0] == 0
    assert "unmute 1" in command("--mute", "60", "--probe", "Fridge", "--note", "cleaning")[1]
    assert "mute of fridge until" in command()[1]
    assert command("--unmute", "1") == (0, "Number 1 is over: what goes on is told.\n")


@pytest.mark.parametrize(
    "options",
    [
        ("--add", "{no json"),
        ("--add", "nowhere.json"),
        ("--preview", "7"),
        ("--add-set", "refrigerator"),
        ("--change", "x", "{}"),
        ("--acknowledge", "9"),
    ],
)
def test_what_makes_no_sense_is_refused(command: Command, options: tuple[str, ...]) -> None:
    """What cannot be meant ends with a problem, what to do, and exit code 1."""
    code, said = command(*options)
    assert code == 1 and "What to do" in said


def test_who_is_told_at_the_command_line(hub: Hub, command: Command) -> None:
    """A channel is added, listed without its secret, tested with what came of it in words, and removed."""
    assert "Nobody is told" in command("--channels")[1]
    code, said = command("--channel", "Anna", "ntfy://me:s3cret-pass@127.0.0.1:1/cold")
    assert code == 0 and "told to Anna by ntfy" in said and "s3cret" not in said
    assert "Anna: ntfy, ntfy://me:****@127.0.0.1:1/cold" in command("--channels")[1]
    code, said = command("--test", "Anna")
    assert code == 1 and "refused" in said and "s3cret" not in said and "ConnectionPool" not in said
    assert (
        "Nothing is told by Anna" in command("--remove-channel", "Anna")[1]
        and "Nobody is told" in command("--channels")[1]
    )
