"""What a scraper is told."""

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row
from temphub_kernel.journal import ProbeBook


def lines(hub, name: str) -> list[str]:
    """The samples of one metric."""
    status, text = hub.ask("GET", "/metrics")
    assert status == 200
    text = text.decode() if isinstance(text, bytes) else text
    return [line for line in text.splitlines() if line.startswith(name + "{")]


def test_a_silent_probe_has_an_age_and_no_temperature(hub):
    """A value older than three intervals is no present value: it is left out, its age stays; one that
    measures seldom gets its three."""
    now = now_ms()
    taken = {"Fresh": now, "Silent": now - 120_000, "Slow": now - 120_000, "Ahead": now + 3_600_000}
    hub.writer.store([Row(name, None, None, at, now, 40_000_000, None) for name, at in taken.items()])
    ProbeBook(hub.writer).checked("Slow", ok=True, server_url="", interval_ms=60_000, problem="", remedy="")
    wait_for(lambda: len(lines(hub, "temphub_temperature_celsius")) == 2)
    assert all('"Fresh"' in line or '"Slow"' in line for line in lines(hub, "temphub_temperature_celsius"))
    aged = lines(hub, "temphub_reading_age_seconds")
    assert len(aged) == 4 and all(any(f'"{name}"' in line for line in aged) for name in taken)


def test_the_name_that_people_gave_is_a_label(hub):
    """Dashboards can show the name of the page; the id stays what series are told apart by."""
    hub.writer.store([Row("Cold-1", None, None, now_ms(), now_ms(), 40_000_000, None)])
    hub.writer.change(
        lambda db: db.execute("UPDATE probes SET alias='Cold \"room\" 2' WHERE id='Cold-1'").rowcount
    ).result(PATIENCE_S)
    wait_for(
        lambda: [
            line
            for line in lines(hub, "temphub_temperature_celsius")
            if 'probe_id="Cold-1"' in line and 'Cold \\"room\\" 2' in line
        ]
    )
