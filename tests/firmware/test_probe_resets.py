"""probe/resets.py"""

import os

from probe.resets import Resets, expect
from probe.settings import Settings
from probe_harness import Folder


def test_starts_are_counted_by_reason_across_restarts():
    """Each start adds one to its reason, in the file."""
    with Folder() as folder:
        for cause in ("power_on", "watchdog", "watchdog", "soft"):
            resets = Resets(Settings(folder), cause)
        assert resets.report() == {"reset": "soft", "resets": {"power_on": 1, "watchdog": 2, "soft": 1}}


def test_a_reason_known_before_the_restart_says_more_than_the_chip():
    """Asked for, or stuck: shown by the next start, and only by that one."""
    with Folder() as folder:
        expect(Settings(folder), Resets(Settings(folder), "power_on").counts, "stuck_delivery")
        assert Resets(Settings(folder), "watchdog").cause == "stuck_delivery"
        assert Resets(Settings(folder), "watchdog").cause == "watchdog"
        expect(Settings(folder), Resets(Settings(folder), "reset").counts, "asked")
        assert Resets(Settings(folder), "power_on").cause == "power_on"


def test_the_other_settings_stay():
    """Counting touches nothing else in the file, not even what this version does not know."""
    with Folder() as folder:
        Settings(folder).update(
            {"server_url": "http://10.0.0.1", "token": "t", "ssid": "home", "future": [1]}
        )
        Resets(Settings(folder), "power_on")
        settings = Settings(folder)
        assert (settings.server_url, settings.token, settings.get("ssid"), settings.get("future")) == (
            "http://10.0.0.1",
            "t",
            "home",
            [1],
        )


def test_rubbish_in_the_file_and_unknown_reasons_do_no_harm():
    """Wrong types start the count anew; an unknown word counts as 'other', so that the file cannot grow."""
    for rubbish in (
        [],
        "x",
        {"counts": 5},
        {"counts": {"power_on": "x", "evil": 3}, "expected": ["x"]},
        {"expected": "evil"},
    ):
        with Folder() as folder:
            Settings(folder).update({"resets": rubbish})
            resets = Resets(Settings(folder), "nonsense")
            assert resets.report() == {"reset": "other", "resets": {"other": 1}}, rubbish


def test_a_full_flash_does_not_keep_the_probe_from_starting():
    """The count is lost, nothing else."""
    with Folder() as folder:
        os.mkdir(folder + "/settings.json.new")
        resets = Resets(Settings(folder), "power_on")
        expect(Settings(folder), resets.counts, "asked")
        os.rmdir(folder + "/settings.json.new")
        assert resets.cause == "power_on"
