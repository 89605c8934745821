"""The hub starts at logon: what is written for each system is read back as that system reads it."""

import json
import os
import plistlib
import shlex
import stat
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest

from service.standins import Computer, verify
from support.running import TempHub
from support.waiting import PATIENCE_S, cannot, wait_for
from temphub_kernel.core import files
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.settings import Settings
from temphub_kernel.hub.commands.stop import ask_to_stop
from temphub_kernel.hub.lock import SERVICE_STOP_FILE
from temphub_kernel.service import cli, linux, macos, windows

TOOLS = {"schtasks": windows, "systemctl": linux, "launchctl": macos}


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a computer whose tool answers with an exit code."""

    def make(tool: str, code: int = 0, refuses: str = "") -> Computer:
        made = Computer(tmp_path, tool, code, refuses)
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        return made

    return make


def install(keeper: ModuleType) -> list[str]:
    """Install with the settings in force; what the person reads."""
    said: list[str] = []
    assert cli.install(Settings.from_environ(), keeper, said.append) == 0
    return said


def test_windows_gets_a_task_for_this_user_at_logon(computer) -> None:
    """Task Scheduler is given a task that needs no administrator, never times out, runs on battery, and
    starts the right command."""
    here = computer("schtasks")
    said = install(windows)
    assert [call[:2] for call in here.calls] == [
        ["schtasks", "/query"],
        ["schtasks", "/create"],
        ["schtasks", "/run"],
    ]
    raw = here.copy.read_bytes()
    assert raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    root = ET.fromstring(raw)

    def text(path: str) -> str:
        found = root.find("./" + "/".join(f"{{{windows.NAMESPACE}}}{part}" for part in path.split("/")))
        assert found is not None, path
        return found.text or ""

    assert text("Principals/Principal/RunLevel") == "LeastPrivilege"
    assert text("Principals/Principal/LogonType") == "InteractiveToken"
    assert text("Triggers/LogonTrigger/UserId") == windows.account()
    assert (text("Settings/ExecutionTimeLimit"), text("Settings/StopIfGoingOnBatteries")) == ("PT0S", "false")
    # 7, where nothing is said, is for background work: processor, disk and memory only when nobody else wants
    # them.
    assert text("Settings/Priority") in ("4", "5", "6")
    assert text("Actions/Exec/WorkingDirectory") == str(files.CHECKOUT)
    assert text("Actions/Exec/Command") == sys.executable
    assert shlex.split(text("Actions/Exec/Arguments"))[-1] == str(here.data / cli.FILE)
    assert "starts by itself when you log on" in said[0]


def test_linux_gets_a_unit_that_systemd_accepts(computer) -> None:
    """The unit survives spaces, umlauts and percent signs in paths, by systemd's own judgement; lingering is
    explained."""
    here = computer("systemctl")
    said = install(linux)
    assert [call[2] for call in here.calls] == ["daemon-reload", "enable", "restart"]
    path = here.home / ".config" / "systemd" / "user" / "temphub.service"
    lines = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    assert shlex.split(lines["ExecStart"])[-1].replace("%%", "%") == str(here.data / cli.FILE)
    assert lines["WorkingDirectory"].replace("%%", "%") == str(files.CHECKOUT)
    assert (
        lines["Restart"] == "on-failure"
        and int(lines["CPUWeight"]) > 100
        and int(lines["IOWeight"]) > 100
        and "Nice" not in lines
    )
    assert "loginctl enable-linger" in " ".join(said)
    judged = verify(path)
    if judged is None:
        cannot("systemd-analyze is not installed")
    assert "temphub.service:" not in judged.stderr, judged.stderr


@pytest.mark.parametrize("word", ['a"b', "back\\slash", "50% & more", "$HOME", "two words", "Größe"])
def test_systemd_reads_every_word_as_it_was_meant(word: str, tmp_path: Path) -> None:
    """Whatever is in a path, systemd neither expands nor splits it."""
    quoted = linux.quoted(word)
    assert quoted.startswith('"') and quoted.endswith('"')
    assert shlex.split(quoted)[0].replace("%%", "%").replace("$$", "$") == word


def test_macos_gets_an_agent_that_comes_back_after_a_crash(computer) -> None:
    """launchd is given a plist with the command as a list, started at once and again after a crash, with a
    log."""
    here = computer("launchctl")
    install(macos)
    assert [call[1] for call in here.calls] == ["bootout", "bootstrap"]
    path = here.home / "Library" / "LaunchAgents" / "local.temphub.hub.plist"
    agent = plistlib.loads(path.read_bytes())
    assert agent["ProgramArguments"][0] == sys.executable and agent["ProgramArguments"][-1] == str(
        here.data / cli.FILE
    )
    # Without it macOS slows down what has no window: fewer turns, slower disk, timers late.
    assert agent["ProcessType"] == "Interactive"
    assert agent["RunAtLoad"] is True and agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["StandardErrorPath"] == str(here.data / "temphub.service.log")
    assert cli.status(Settings.from_environ(), macos, [].append) == 0


def test_the_settings_in_force_are_kept_for_the_start_at_logon(computer) -> None:
    """Port and token of now are those of later; the file is for its owner's eyes only, and only settings are
    in it."""
    here = computer("systemctl")
    install(linux)
    path = here.data / cli.FILE
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept == {"DATA_DIR": str(here.data), "PORT": "8099", "SERVER_TOKEN": 'a"b%c$d'}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cli.read(path) == kept


@pytest.mark.parametrize("tool", TOOLS)
def test_a_refusal_of_the_system_ends_in_words(computer, tool: str) -> None:
    """What the system's own tool says is passed on, with another way to the same end."""
    computer(tool, code=1)
    with pytest.raises(TempHubError) as caught:
        install(TOOLS[tool])
    assert "Zugriff verweigert" in caught.value.problem and caught.value.remedy


@pytest.mark.parametrize("tool", TOOLS)
def test_what_failed_leaves_nothing_that_says_it_starts_by_itself(computer, tool: str) -> None:
    """After a refused installation neither a unit nor settings (a token may be among them) lie about, and
    `status` says no."""
    here = computer(tool, code=1)
    before = {path for path in here.home.rglob("*") if path.is_file()}
    with pytest.raises(TempHubError):
        install(TOOLS[tool])
    assert {path for path in here.home.rglob("*") if path.is_file()} == before
    said: list[str] = []
    assert cli.status(Settings.from_environ(), TOOLS[tool], said.append) == 1
    assert "does not start by itself" in said[0]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_refused_change_leaves_the_installation_there_was(computer, tool: str) -> None:
    """Who installs again, and is refused, keeps what worked: the unit or agent and the settings are those of
    before."""
    here = computer(tool)
    install(TOOLS[tool])
    kept = {path: path.read_bytes() for path in here.home.rglob("*") if path.is_file()}
    assert kept
    os.environ["PORT"] = "8111"
    computer(tool, code=1)
    with pytest.raises(TempHubError):
        os.environ["PORT"] = "8111"
        install(TOOLS[tool])
    assert {path: path.read_bytes() for path in here.home.rglob("*") if path.is_file()} == kept
    assert stat.S_IMODE((here.data / cli.FILE).stat().st_mode) == 0o600


def test_a_task_that_cannot_be_run_is_taken_away_again(computer) -> None:
    """Task Scheduler takes the task and does not run it: it is removed, so that nothing half done starts at
    the next logon."""
    here = computer("schtasks", refuses="/run")
    with pytest.raises(TempHubError) as caught:
        install(windows)
    assert [call[1] for call in here.calls] == ["/query", "/create", "/run", "/delete"]
    assert "not start" in caught.value.problem and not (here.data / cli.FILE).exists()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_missing_tool_ends_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: str) -> None:
    """Where the system has no such tool at all, that is a problem with a remedy, not a crash."""
    for name, value in {**Computer(tmp_path, "nothing").environ, "PATH": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TempHubError):
        install(TOOLS[tool])


@pytest.mark.parametrize("tool", TOOLS)
def test_uninstall_takes_back_what_install_did_and_leaves_the_readings(computer, tool: str) -> None:
    """Afterwards nothing starts at logon, no token lies about, and the data folder is as it was."""
    here, keeper = computer(tool), TOOLS[tool]
    (here.data / "temphub.sqlite3").write_text("readings")
    install(keeper)
    said = keeper.uninstall()
    assert "readings stay" in said and (here.data / "temphub.sqlite3").exists()
    if keeper is not windows:
        assert not keeper.place().exists() and not keeper.standing().installed
        with pytest.raises(TempHubError) as caught:
            keeper.uninstall()
        assert "temphub service install" in caught.value.remedy


def test_an_unknown_system_is_told_what_to_do() -> None:
    """On a system without any of the three, the command to add by hand is named."""
    with pytest.raises(TempHubError) as caught:
        cli.system("plan9")
    assert "temphub --no-browser" in caught.value.remedy


@pytest.mark.parametrize("content", ["", "[]", "{broken", None])
def test_lost_or_broken_settings_do_not_start_another_hub(tmp_path: Path, content: str | None) -> None:
    """Without its settings the start at logon stops in words, rather than recording into another folder."""
    path = tmp_path / cli.FILE
    if content is not None:
        path.write_text(content)
    with pytest.raises(TempHubError) as caught:
        cli.read(path)
    assert caught.value.remedy == "Run `temphub service install` again."


def test_what_the_system_starts_is_the_hub_with_the_kept_settings(data_dir: Path, free_port: int) -> None:
    """The command in the task, unit and agent really runs a hub on the kept port and folder, whatever is set
    in its surroundings."""
    own = {"DATA_DIR": str(data_dir), "PORT": str(free_port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1"}
    path = cli.write(Settings.from_environ(own), own)
    hub = TempHub(
        data_dir,
        free_port,
        "service",
        "run",
        "--settings",
        str(path),
        PORT="1",
        HOST="203.0.113.1",
        LOG_LEVEL="nonsense",
    )
    try:
        hub.ready()
        assert hub.ask("GET", "/api/health")[1]["data_dir"] == str(data_dir)
    finally:
        hub.stop()
    assert os.listdir(data_dir)


def test_a_service_that_is_asked_to_end_ends_whole(data_dir: Path, free_port: int) -> None:
    """Where the system ends only the process that it started, uninstalling asks the others too: the readings'
    hub ends in order, and one that was started by hand goes on."""
    own = {"DATA_DIR": str(data_dir), "PORT": str(free_port), "HOST": "127.0.0.1", "INTERFACES": "127.0.0.1"}
    path = cli.write(Settings.from_environ(own), own)
    for arguments, ends in ((("service", "run", "--settings", str(path)), True), ((), False)):
        hub = TempHub(data_dir, free_port, *arguments).ready()
        try:
            hub.keeper().kill()
            hub.process.wait(PATIENCE_S)
            wait_for(hub.keeper, 20)
            ask_to_stop(data_dir, SERVICE_STOP_FILE, within_s=20.0 if ends else 2.0)
            if ends:
                wait_for(lambda hub=hub: not hub.processes(), 20)
            else:
                assert hub.answers()
        finally:
            hub.kill()
