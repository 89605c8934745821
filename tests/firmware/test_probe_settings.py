"""probe/settings.py"""

import json
import os

from probe import settings
from probe.settings import Refused, Settings, check
from probe_harness import Folder

GOOD = {"server_url": "http://10.0.0.1:8088", "interval_ms": 5000, "token": "s3cret"}


def _refused(values):
    try:
        check(values)
    except Refused as refused:
        return bool(refused.problem and refused.remedy)
    return False


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


def test_good_values_pass_and_unknown_ones_are_left_out():
    """Only what this version knows is taken; an address stays as it was told."""
    assert check(
        {"server_url": "http://h:1/i/", "interval_ms": 500, "token": "", "x": 1, "old_token": "y"}
    ) == {
        "server_url": "http://h:1/i/",
        "interval_ms": 500,
        "token": "",
    }
    assert check({}) == {} and check({"token": None}) == {}


def test_bad_values_are_refused_with_problem_and_remedy():
    """Nothing is clipped or guessed."""
    for interval in (499, 3600001, -1, 2000.5, "2000", True, [1]):
        assert _refused({"interval_ms": interval}), interval
    for url in ("", "h:1", "https://h", 7, {}):
        assert _refused({"server_url": url}), url
    for token in ("x" * 129, "a b", "a\r\nX-Evil: 1", "ü", 5):
        assert _refused({"token": token}), token
    for body in ([], "x", None, 3):
        assert _refused(body), body


def test_settings_outlive_a_restart():
    """What was saved is in force again; keys of other versions are kept; no other file is left."""
    with Folder() as folder:
        _write(folder + "/settings.json", '{"ssid": "net", "interval_ms": 1000}')
        first = Settings(folder)
        assert first.update(GOOD) is True and first.update(GOOD) is False
        again = Settings(folder)
        assert (again.server_url, again.interval_ms, again.token, again.get("ssid")) == (
            "http://10.0.0.1:8088",
            5000,
            "s3cret",
            "net",
        )
        assert os.listdir(folder) == ["settings.json"] and again.problem is None


def test_a_fresh_probe_has_defaults():
    """No file: no hub, no token, 2 s."""
    with Folder() as folder:
        fresh = Settings(folder)
        assert (fresh.server_url, fresh.interval_ms, fresh.token, fresh.problem) == ("", 2000, "", None)
        assert os.listdir(folder) == []


def test_the_command_line_wins_until_the_hub_says_otherwise():
    """Given values are in force, are not saved, and give way to what the hub sets."""
    with Folder() as folder:
        given = Settings(folder, {"interval_ms": 700})
        assert given.interval_ms == 700 and os.listdir(folder) == []
        given.update({"interval_ms": 900})
        assert given.interval_ms == 900 and Settings(folder).interval_ms == 900


def test_a_power_cut_at_any_byte_leaves_the_old_settings():
    """Whatever part of the new file was written before the lights went out, the old one is still whole."""
    with Folder() as folder:
        Settings(folder).update(GOOD)
        new = '{"server_url": "http://10.9.9.9", "interval_ms": 777, "token": "n"}'
        for length in range(len(new) + 1):
            _write(folder + "/settings.json.new", new[:length])
            after = Settings(folder)
            assert (after.server_url, after.interval_ms, after.token) == (
                GOOD["server_url"],
                5000,
                "s3cret",
            ), length
            assert os.listdir(folder) == ["settings.json"]


def test_a_torn_settings_file_is_survived():
    """Should the file itself be torn, at any byte, the probe starts with defaults, says so, and can be set up
    again."""
    with Folder() as folder:
        whole = '{"server_url": "http://10.9.9.9", "interval_ms": 777, "token": "n"}'
        for length in range(len(whole)):
            _write(folder + "/settings.json", whole[:length])
            torn = Settings(folder)
            assert torn.server_url == "" and torn.problem, length
            torn.update({"interval_ms": 600})
            assert Settings(folder).interval_ms == 600


def test_a_file_with_impossible_values_is_not_believed():
    """An interval of 0 would make the probe spin."""
    with Folder() as folder:
        for text in ('{"interval_ms": 0}', '{"token": 5}', "[]", "null", "\x00\x00", '{"server_url": "x"}'):
            _write(folder + "/settings.json", text)
            assert Settings(folder).problem, text


def test_a_failing_save_changes_nothing():
    """When the rename fails, the old values stay in force and saved, and no half file is left."""
    with Folder() as folder:
        live = Settings(folder)
        live.update(GOOD)
        os.mkdir(folder + "/settings.json.new")
        try:
            live.update({"interval_ms": 800})
        except OSError:
            pass
        else:
            raise AssertionError("saved")
        assert live.interval_ms == 5000
        os.rmdir(folder + "/settings.json.new")
        assert Settings(folder).interval_ms == 5000


def test_the_limits_are_the_published_ones():
    """0.5 s to one hour, tokens up to 128 signs."""
    assert (settings.FASTEST_MS, settings.SLOWEST_MS, settings.MAX_TOKEN) == (500, 3600000, 128)
    assert check({"token": "x" * 128, "interval_ms": 3600000})


def test_the_file_serves_firmware_0_3_as_well():
    """It has the base of the hub in it, beside the address as it was told; what 0.3.0 was told later
    holds."""
    with Folder() as folder:
        for told, saved in (
            ("http://h:8088/api/ingest", "http://h:8088"),
            ("http://h/x/api/ingest", "http://h:80/x"),
            ("http://h:8088", "http://h:8088"),
            ("http://h:1/ingest.php?key=a", "http://h:1"),
        ):
            Settings(folder).update({"server_url": told})
            with open(folder + "/settings.json") as file:
                assert json.load(file)["server_url"] == saved
            assert Settings(folder).server_url == told
        # As 0.3.0 does it: what it does not know is kept.
        for base in ("http://h:1/", "http://other:8088", "http://h:1/x"):
            with open(folder + "/settings.json") as file:
                values = json.load(file)
            values["server_url"] = base
            with open(folder + "/settings.json", "w") as file:
                json.dump(values, file)
            found = Settings(folder)
            assert found.server_url == base and found.problem is None
            assert found.update({"server_url": "http://h:1/ingest.php?key=a"}) is True
