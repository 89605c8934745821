"""The settings of the owner's text, each as it stands there: its default, its place in Start.bat, and what it
does."""

import itertools
import json
import re
from pathlib import Path

import pytest

from support import owners_text as owner
from support.waiting import wait_for
from temphub_kernel.core.settings import ALLOWED, Settings

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
HUB, PROBE, DESK = "10.77.0.1", "10.77.0.11", "10.77.0.20"
ID = "TempProbe-0096"


def test_the_defaults_are_those_of_the_text():
    """Each default of the table is the program's, and the table's settings are all there."""
    (levels,) = [one.purpose.strip("`") for one in owner.variables() if one.name == "LOG_LEVEL"]
    bare = Settings.from_environ({"DATA_DIR": "/nowhere"})
    assert len(owner.variables()) == 7
    for name, default, _ in owner.variables():
        assert name in ALLOWED
        value = {"CSV_FILE": bare.csv_file.name, "PUBLIC_BASE": bare.public_base}.get(
            name, getattr(bare, name.lower(), None)
        )
        wanted = default.strip("`")
        assert str(value if value is not None else "") == (
            "" if wanted.startswith(("*(empty", "computed")) else wanted
        ), name
    for level in levels.split("/"):
        assert Settings.from_environ({"DATA_DIR": "/nowhere", "LOG_LEVEL": level}).log_level == level


def test_each_setting_stands_in_start_bat():
    """Each setting of the table can be set at the top of Start.bat, as the text says."""
    batch = (ROOT / "Start.bat").read_text(encoding="utf-8")
    assert "You can set these in `Start.bat`" in owner.section("Configuration")
    for one in owner.variables():
        assert re.search(rf'^rem set "?{one.name}=', batch, re.MULTILINE), one.name


def test_every_setting_does_what_the_text_says(street):
    """A hub with a value of its own for each setting of the table: address, port, base, token, file, interval
    and level are in force."""
    (secret,) = re.findall(r"`SERVER_TOKEN=(\w+)`", owner.section("Configuration"))
    other = {
        "HOST": HUB,
        "PORT": "18088",
        "PUBLIC_BASE": f"http://{HUB}:18088",
        "SERVER_TOKEN": secret,
        "CSV_FILE": "other log.csv",
    }
    other |= {"DEFAULT_INTERVAL_MS": "1000", "LOG_LEVEL": "DEBUG"}
    assert set(other) == {one.name for one in owner.variables()}
    hub = street.hub("hub", HUB)
    hub.local = HUB
    probe = street.stranger("py", street.host("probe", PROBE), ID, PROBE)
    hub.start(**other)
    wait_for(lambda: len([one for one in probe.said("posted") if one["status"] == 200]) >= 4, 30)
    posted = [one for one in probe.said("posted") if one["status"] == 200]
    assert {one["url"] for one in posted} == {f"http://{HUB}:18088/api/ingest"}
    assert all(one["token"] for one in posted) and secret not in {one["token"] for one in posted}
    assert all(b["at"] - a["at"] < 1.9 for a, b in itertools.pairwise(posted[1:]))
    wait_for(lambda: ID in (hub.folder / "other log.csv").read_text(encoding="utf-8"))
    assert street.curl(hub.space, "http://127.0.0.1:18088/api/health")[0] == 0
    assert "DEBUG" in hub.text()


def test_a_token_is_taken_in_each_of_the_three_ways(street):
    """With the token of the text in force a request shows it as header, in the address or in the JSON;
    without it is 401."""
    text = owner.section("API")
    (secret,) = re.findall(r"`X-Token: (\w+)`", owner.section("Configuration"))
    hub = street.hub("hub", HUB).start(SERVER_TOKEN=secret)
    desk, ingest = street.host("desk", DESK), f"http://{HUB}:8088/api/ingest"
    header = owner.filled(re.findall(r"`(X-Token: .*?)`", text)[0], HUB, token=secret)
    query = owner.filled(re.findall(r"`(\?token=.*?)`", text)[0], HUB, token=secret)
    (field,) = json.loads(re.findall(r'`(\{"token".*?\})`', text)[0])
    body = {"temperature_c": 23.8}
    assert "401 Unauthorized" in owner.text()
    assert street.curl(desk, "-d", json.dumps(body), ingest)[0] == 401
    assert street.curl(desk, "-d", json.dumps(body), "-H", header, ingest) == (200, {"ok": True})
    assert street.curl(desk, "-d", json.dumps(body), ingest + query) == (200, {"ok": True})
    assert street.curl(desk, "-d", json.dumps({**body, field: secret}), ingest) == (200, {"ok": True})
    wait_for(lambda: len(hub.rows("adhoc")) == 3)
