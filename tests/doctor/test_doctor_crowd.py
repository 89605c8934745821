"""What the doctor says of ids that came once, and of those that look alike."""

from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.finding import WARNING
from temphub_kernel.core.names import CROWD
from temphub_kernel.core.reading import Row
from temphub_kernel.core.settings import Settings
from temphub_kernel.doctor.context import Case
from temphub_kernel.doctor.hub import crowd, gathering
from temphub_kernel.journal import Writer


def write(settings: Settings, *ids: str, times: int = 1) -> None:
    writer, now = Writer(settings.journal_file), now_ms()
    writer.start()
    writer.store([Row(id_, None, None, now - 10 * n, now, 1, None) for id_ in ids for n in range(times)])
    assert writer.stop()


def test_a_crowd_and_look_alikes_are_told_with_the_remedy(settings: Settings) -> None:
    """Ids that look alike are named, up to eight of them; ids that came once are counted; neither is a
    problem that stops anything."""
    assert not list(crowd(Case(settings, "", {}, False)))
    write(settings, "fridge-01", "fridge-O1", times=20)
    found = list(crowd(Case(settings, "", {}, False)))
    assert [one.check for one in found] == ["Probe fridge-01", "Probe fridge-O1"] and {
        one.level for one in found
    } == {WARNING}
    assert "Looks like fridge-O1" in found[0].result and "give it a name" in found[0].remedy
    write(settings, *(f"P-{'.' * n}" for n in range(20)), times=20)
    assert "14 more look like another one." in [one.result for one in crowd(Case(settings, "", {}, False))]
    write(settings, *(f"made-up-{n}" for n in range(CROWD + 1)))
    last = list(crowd(Case(settings, "", {}, False)))[-1]
    assert last.result.startswith(f"{CROWD + 1} unnamed ids came once") and "--remove-unnamed" in last.remedy


def test_why_readings_come_every_twenty_seconds(settings: Settings) -> None:
    """While the hub has probes gather, the doctor says so, and that nothing is lost; else nothing."""
    for told in ({}, {"gathering": {"deliver_every_ms": 0, "within_ms": 0, "probes": 3}}):
        assert not list(gathering(running(settings, told)))
    told = {"gathering": {"deliver_every_ms": 20_000, "within_ms": 20_000, "probes": 9_876}}
    (found,) = gathering(running(settings, told))
    assert "9876 probes" in found.result and "every 20 s" in found.result and "none is lost" in found.result


def running(settings: Settings, told: dict[str, object]) -> Case:
    return Case(settings, "", {"ok": True, "data_dir": str(settings.data_dir), **told}, True)
