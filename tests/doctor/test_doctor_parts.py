"""What single checks say, with real files, sockets and programs, and with what Windows and macOS print."""

import ctypes
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from journal.journal_harness import as_rows
from provisioner.conftest import Probe
from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import iso_utc, now_ms, parse_time
from temphub_kernel.core.finding import PROBLEM, UNKNOWN, WARNING, WELL
from temphub_kernel.core.reading import Row, Sighting
from temphub_kernel.core.settings import Settings
from temphub_kernel.core.startup import doubts
from temphub_kernel.csvlog import rebuild_beside
from temphub_kernel.discovery import TUNNELS, is_like
from temphub_kernel.discovery.multicast import Echo, echo
from temphub_kernel.doctor import computer, files, network
from temphub_kernel.doctor.context import Case, look
from temphub_kernel.doctor.files import ProcessInfo, holders, journal
from temphub_kernel.doctor.hub import probes
from temphub_kernel.journal import ProbeBook, Writer
from temphub_kernel.journal.schema import VERSION


def case_of(settings: Settings) -> Case:
    """No hub runs."""
    return Case(settings, settings.local_url, {}, held=False)


def test_multicast_is_really_sent_and_heard() -> None:
    """On the loopback interface a question comes back to a second socket; an address that is not ours says
    why not."""
    assert echo("127.0.0.1", listen_s=1.0).heard
    missing = echo("203.0.113.9", listen_s=0.1)
    assert not missing.heard and missing.error
    assert network.heard(missing, running=False).level == PROBLEM


@pytest.mark.parametrize(
    ("found", "running", "level"),
    [
        (Echo("10.0.0.2", heard=True, others=("10.0.0.9",)), False, WELL),
        (Echo("10.0.0.2", heard=True), False, UNKNOWN),
        (Echo("10.0.0.2", heard=True, others=("10.0.0.9",), hubs=("TempHub on pc",)), True, WELL),
        (Echo("10.0.0.2", heard=True, others=("10.0.0.9",)), True, WARNING),
        (Echo("10.0.0.2"), False, PROBLEM),
    ],
)
def test_multicast_in_words(found: Echo, running: bool, level: str) -> None:
    """Heard with others is well; heard by ourselves alone proves little; not heard at all is a problem."""
    said = network.heard(found, running=running)
    assert said.level == level and "10.0.0.2" in said.check
    assert said.remedy or level in (WELL, UNKNOWN)


def test_a_demo_is_not_missed_where_it_does_not_announce_itself(settings: Settings) -> None:
    """A demo's advert stays on this computer; a real hub's is expected on every interface."""
    demo = replace(settings, data_dir=settings.data_dir / "demo-data")
    assert network.announces_on(demo, "127.0.0.1") and not network.announces_on(demo, "192.168.1.5")
    assert network.announces_on(settings, "192.168.1.5")


def test_interfaces_that_do_not_exist_are_a_problem(settings: Settings) -> None:
    """INTERFACES that fits no address of this computer is told with the addresses it names."""
    wrong = Settings.from_environ({"DATA_DIR": str(settings.data_dir), "INTERFACES": "203.0.113.9"})
    (found,) = network.interfaces(case_of(wrong))
    assert found.level == PROBLEM and "203.0.113.9" in found.result
    (found,) = network.interfaces(case_of(settings))
    assert found.level == WELL and "127.0.0.1" in found.result


@pytest.mark.parametrize("name", ["tun0", "wg0", "utun3", "ProtonVPN TUN", "Tailscale", "OpenVPN Wintun"])
def test_vpns_are_recognised_by_their_names(name: str) -> None:
    """An adapter of a VPN is mentioned: it may keep this computer from its own network."""
    assert is_like(name, TUNNELS) and not is_like("Ethernet", TUNNELS)


def test_a_sound_journal_and_a_damaged_one(settings: Settings, recorded) -> None:
    """Damage inside the file is found, and so is a file that is no journal at all; a sound one is called
    sound."""
    recorded(2000)
    (found,) = journal(case_of(settings))
    assert found.level == WELL and "2000 readings" in found.result and "sound" in found.result
    path = settings.journal_file
    with closing(sqlite3.connect(path)) as db:
        # In a batch they are a few pages, whose damage is met when they are read.
        as_rows(db)
        db.commit()
    whole = path.read_bytes()
    # The last pages: where readings are.
    path.write_bytes(whole[: -4096 * 8] + b"\xff" * 4096 * 6 + whole[-4096 * 2 :])
    (found,) = journal(case_of(settings))
    assert found.level == PROBLEM and "damaged" in found.result and "copy temphub.sqlite3" in found.remedy
    path.write_bytes(b"no database" * 1000)
    (found,) = journal(case_of(settings))
    assert found.level == PROBLEM and "cannot be opened" in found.result


def test_readings_that_only_the_log_has_are_told(settings: Settings, recorded) -> None:
    """While no hub runs, a log that has more than its journal, or no journal at all, is told with the way
    out; one that fits is well."""
    recorded(20)
    rebuild_beside(settings.journal_file, settings.csv_file)
    (found,) = files.csv_file(case_of(settings))
    assert found.level == WELL
    line = settings.csv_file.read_text().splitlines()[-1]
    stamp = iso_utc(now_ms() + 10)
    with settings.csv_file.open("a") as log:
        log.write(f"{stamp},{line.split(',', 1)[1]}\n")
    wait_for(lambda: now_ms() > parse_time(stamp), 5)
    _, found = files.csv_file(case_of(settings))
    assert found.level == WARNING and "1 readings" in found.result and "Start the hub" in found.remedy
    settings.journal_file.unlink()
    _, found = files.csv_file(case_of(settings))
    assert found.level == WARNING and "no journal" in found.result


def test_a_journal_of_a_newer_version_is_told(settings: Settings) -> None:
    """A journal from a newer TempHub is named with both versions, whatever tables it has."""
    db = sqlite3.connect(settings.journal_file)
    db.execute("CREATE TABLE something_new (no INTEGER PRIMARY KEY)")
    db.execute(f"PRAGMA user_version={VERSION + 7}")
    db.close()
    (found,) = journal(case_of(settings))
    assert (
        found.level == PROBLEM
        and f"version {VERSION + 7}" in found.result
        and "Install the TempHub version" in found.remedy
    )


def test_who_holds_a_file_is_told(tmp_path: Path) -> None:
    """A program that has the CSV log open is named with its process number; LibreOffice by the lock file that
    it leaves."""
    path = tmp_path / "temperature log.csv"
    path.write_text("")
    assert holders(path) == []
    code = "import sys; file = open(sys.argv[1]); print('up', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout and other.stdout.readline()
        (found,) = holders(path)
        assert f"process {other.pid}" in found and holders(path, frozenset({other.pid})) == []
    finally:
        other.communicate(b"\n", timeout=PATIENCE_S)
    (tmp_path / ".~lock.temperature log.csv#").write_text("")
    assert holders(path) == ["LibreOffice"]


def test_the_structures_of_the_restart_manager_have_their_size() -> None:
    """What Windows fills in has the size that its headers give (RM_PROCESS_INFO: 668 bytes with 2-byte
    letters)."""
    letters = ctypes.sizeof(ctypes.c_wchar)
    assert ctypes.sizeof(ProcessInfo) == 12 + (256 + 64) * letters + 16


def test_a_csv_log_that_is_held_names_the_program_and_what_waits() -> None:
    """The words of the program itself: who holds it, how many readings wait, what to do."""
    found = files.judge_log(
        Path("log.csv"), PermissionError(13, "no"), ["Microsoft Excel (process 4711)"], 12
    )
    assert (
        found.level == PROBLEM
        and "held by Microsoft Excel (process 4711)" in found.result
        and "12 readings wait" in found.result
    )
    assert found.remedy.startswith("Close it in the other program")
    assert files.judge_log(Path("log.csv"), OSError(5, "broken"), [], 0).level == PROBLEM
    assert files.judge_log(Path("log.csv"), None, [], 5000).level == WARNING
    assert files.judge_log(Path("log.csv"), None, ["LibreOffice"], 0).level == WELL


def test_a_cloud_is_told_by_the_doctor_too(
    recorded: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever missed it at the start is told that the data folder is in a cloud, in the same words."""
    monkeypatch.setenv("OneDrive", str(settings.data_dir.parent))
    found = [one for one in files.disk(case_of(settings)) if "with a cloud" in one.result]
    assert [(one.level, one.result, one.remedy) for one in found] == [
        (WARNING, *doubts(settings, dict(os.environ), new=False)[0])
    ]


def test_little_room_and_slow_disks_are_told(tmp_path: Path) -> None:
    """Too little room is a problem, a disk that nearly is full or slow worth a warning."""
    assert [files.space(tmp_path, mb).level for mb in (50, 500, 5000)] == [PROBLEM, WARNING, WELL]
    assert "set DATA_DIR" in files.space(tmp_path, 50).remedy
    assert files.speed(tmp_path, tmp_path).level in (WELL, WARNING) and not list(tmp_path.iterdir())
    assert files.speed(tmp_path, tmp_path / "not there").level == PROBLEM


def test_the_clock_in_words() -> None:
    """A wrong year, a clock set back behind the journal, and a jump each have their words; a good clock names
    its zone."""
    now = now_ms()
    assert computer.judge(0, 0, 0, None).level == PROBLEM
    back = computer.judge(now, 0, now + 3_600_000, True)
    assert back.level == PROBLEM and "set back" in back.result
    assert computer.judge(now, 1000, now, True).level == WARNING
    assert computer.judge(now, 0, now, False).level == WARNING
    good = computer.judge(now, 3, now, None)
    assert good.level == WELL and "UTC" in good.result
    assert abs(computer.jump_ms()) < 200


def test_readings_from_the_future_are_found(settings: Settings, recorded) -> None:
    """The journal itself tells that the clock was set back."""
    recorded(late_ms=600_000)
    assert computer.newest_ms(case_of(settings)) > now_ms() + 500_000


POWERCFG = """GUID der Energieeinstellung: 29f6c1db-86da-48c5-9fdb-f2b67b1f44da  (Deaktivierung nach)
      GUID-Alias: STANDBYIDLE
      Minimal mögliche Einstellung: 0x00000000
      Maximal mögliche Einstellung: 0xffffffff
    Index der aktuellen Wechselstromeinstellung: 0x{mains}
    Index der aktuellen Gleichstromeinstellung: 0x00000384
"""


def test_sleep_settings_are_understood() -> None:
    """Windows in any language, macOS and Linux: never, after so many minutes, or not told."""
    assert [one.level for one in computer.windows(POWERCFG.format(mains="00000000"))] == [WELL]
    (soon,) = computer.windows(POWERCFG.format(mains="00000708"))
    assert soon.level == WARNING and "after 30 minutes on mains" in soon.result
    assert [one.level for one in computer.windows(None)] == [UNKNOWN]
    assert [
        one.level
        for one in computer.macos(" disksleep 10\n sleep                1 (sleep prevented by coreaudiod)\n")
    ] == [WARNING]
    assert [one.level for one in computer.macos(" sleep 0\n")] == [WELL]
    assert [one.level for one in computer.linux("", "loaded", "")] == [WELL]
    assert [one.level for one in computer.linux("freeze mem disk\n", "masked", "")] == [WELL]
    assert [one.level for one in computer.linux("freeze mem disk\n", "loaded", "'suspend'")] == [WARNING]
    assert [one.level for one in computer.linux("freeze mem disk\n", "loaded", "'nothing'")] == [WELL]
    assert [one.level for one in computer.linux("mem\n", "loaded", "")] == [UNKNOWN]


def test_requirements_that_are_not_met_are_named() -> None:
    """A missing package and one of a wrong version are each named; what is installed here fits."""
    assert len(computer.requirements()) > 10
    assert "is missing" in computer.lacking(computer.Requirement("no-such-package-of-ours>=1"))
    assert "needed is" in computer.lacking(computer.Requirement("tornado<1"))
    assert computer.lacking(computer.Requirement("tornado>=6")) == ""


def test_each_probe_is_asked_what_it_says(settings: Settings, recorded) -> None:
    """A probe that answers is told with its firmware and where it delivers; one that is off, with the reason;
    one that is new, too."""
    probe = Probe()
    probe.said |= {"server_url": "http://127.0.0.1:8088", "version": "1.2"}
    try:
        recorded(3, Sighting("TempProbe-0A01", "127.0.0.1", probe.port))
        (found,) = probes(look(settings))
        assert (
            found.level == WELL
            and "firmware 1.2" in found.result
            and "delivers to http://127.0.0.1:8088" in found.result
        )
        probe.said |= {"server_url": "", "needs_provision": True}
        (found,) = probes(look(settings))
        assert found.level == WARNING and "nobody told it where to deliver" in found.result
        probe.said["id"] = "TempProbe-0B02"
        (found,) = probes(look(settings))
        assert found.level == WARNING and "another probe answers: TempProbe-0B02" in found.result
    finally:
        probe.close()
    (found,) = probes(look(settings))
    assert found.level == PROBLEM and "cannot be reached" in found.result and "told where" not in found.result
    assert found.remedy.startswith("Check that the probe has power")


def test_a_probe_of_another_hub_is_no_problem(settings: Settings, recorded) -> None:
    """What is another hub's is a warning, told by what the running hub met and not by its words; anything
    else is a problem."""
    probe, said = Probe(), "It delivers to where it is wanted."
    probe.said |= {"server_url": "http://127.0.0.1:9/api/ingest", "version": "1.2"}
    running = Case(settings, settings.local_url, {"data_dir": str(settings.data_dir)}, held=True)
    writer = Writer(settings.journal_file)
    book = ProbeBook(writer)
    try:
        recorded(3, Sighting("TempProbe-0A01", "127.0.0.1", probe.port))
        writer.start()
        for held, level in ((True, WARNING), (False, PROBLEM), (True, WARNING)):
            book.checked(
                "TempProbe-0A01",
                ok=False,
                server_url="",
                interval_ms=0,
                problem=said,
                remedy="Press Trust.",
                held=held,
            )
            writer.change(lambda db: None).result(PATIENCE_S)
            (found,) = probes(running)
            assert found.level == level and said in found.result and found.remedy == "Press Trust."
        # Two devices under its name are the matter now, whoever it belongs to.
        book.shared("TempProbe-0A01", "Two devices deliver under that name.", "Rename one.")
        writer.change(lambda db: None).result(PATIENCE_S)
        assert {one.level for one in probes(running)} == {PROBLEM}
    finally:
        probe.close()
        assert writer.stop()


def test_no_probe_yet_is_no_problem(settings: Settings) -> None:
    """Before the first probe there is nothing wrong, only something to do."""
    (found,) = probes(case_of(settings))
    assert found.level == UNKNOWN and found.remedy.startswith("Power a probe")


def test_a_sensor_without_a_value_is_a_problem_and_goes_by_its_name(settings: Settings, recorded) -> None:
    """An open wire is said as a problem, under the name that people gave the probe; a probe that was told but
    never stored is not well."""
    probe = Probe()
    probe.said |= {"server_url": "http://127.0.0.1:8088/api/ingest", "version": "1.2"}
    try:
        recorded(0, Sighting("TempProbe-0A01", "127.0.0.1", probe.port, name="Fridge"))
        (found,) = probes(look(settings))
        assert found.level == WARNING and "nothing of it is stored yet" in found.result
        recorded(3)
        (found,) = probes(look(settings))
        assert found.level == WELL and found.check == "Probe Fridge (TempProbe-0A01)"
        writer = Writer(settings.journal_file)
        writer.start()
        now = now_ms()
        writer.store([Row("TempProbe-0A01", "b", 100, now, now, None, "open")])
        assert writer.stop()
        (found,) = probes(look(settings))
        assert (
            found.level == PROBLEM
            and "Wire open or not connected" in found.result
            and found.remedy.startswith("Check")
        )
    finally:
        probe.close()
