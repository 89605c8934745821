"""What the page says of the hub itself."""

from temphub_kernel.page.data.status import judge

NOW = 1_800_000_000_000


def test_a_hub_that_writes_is_recording():
    """A fresh note without problems raises no alert."""
    assert judge(NOW - 4000, {"workers": [{"name": "csvlog", "running": True, "problem": ""}]}, NOW) == (
        "recording",
        [],
    )


def test_a_hub_that_fell_silent_seems_stopped_and_the_page_says_what_happens():
    """After 15 s without a note the page says that the hub seems to be stopped, since when, and that probes
    keep their readings."""
    state, (alert,) = judge(NOW - 16_000, {}, NOW)
    assert state == "stopped" and alert.since_ms == NOW - 16_000
    assert "probes keep their readings" in alert.remedy
    assert judge(0, {}, NOW).state == "stopped"


def test_a_workers_problem_is_shown_with_its_remedy():
    """A part in trouble, or one that is not running, is told in words; recording goes on."""
    health = {
        "workers": [
            {"name": "csvlog", "running": True, "problem": "The CSV is held.", "remedy": "Close it."},
            {"name": "discovery", "running": False, "problem": "", "remedy": ""},
        ]
    }
    state, alerts = judge(NOW - 1000, health, NOW)
    assert state == "trouble"
    assert alerts[0][:2] == ("The CSV is held.", "Close it.") and "discovery" in alerts[1].problem


def test_a_problem_that_is_over_leaves_the_alerts():
    """The last problem is an alert while it is fresh and not told twice."""
    health = {"workers": [], "problem": "Disk full.", "remedy": "Free some.", "problem_ms": NOW - 5000}
    assert [alert.problem for alert in judge(NOW, health, NOW).alerts] == ["Disk full."]
    assert judge(NOW, {**health, "problem_ms": NOW - 600_000}, NOW).alerts == []
    assert (
        len(
            judge(
                NOW, {**health, "workers": [{"name": "x", "running": True, "problem": "Disk full."}]}, NOW
            ).alerts
        )
        == 1
    )
