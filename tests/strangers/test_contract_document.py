"""docs/contract.md executed: each request, reply, setting, file and flow is read out of the owner's text and
done as it stands there.

Three streets, each with a hub and a probe: both ours, a stranger's probe at our hub, our probe at a
stranger's hub.
"""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import owners_text as owner
from support.strangers import Hub, Program, Street
from support.waiting import wait_for

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
HUB, PROBE, DESK = "10.77.0.1", "10.77.0.11", "10.77.0.20"
ID = "TempProbe-0096"
# What this file and test_contract_settings.py do with each piece of code in the text. An edit of the text
# shows here first.
DONE = {
    ".local": "test_told_by_address_not_by_name",
    "/provision": "test_the_requests_that_a_probe_answers",
    "0.0.0.0": "test_the_defaults_are_those_of_the_text",
    "2000": "test_the_defaults_are_those_of_the_text",
    "8088": "test_the_defaults_are_those_of_the_text",
    "?token=<SERVER_TOKEN>": "test_a_token_is_taken_in_each_of_the_three_ways",
    "CSV_FILE": "test_every_setting_does_what_the_text_says",
    "DEBUG/INFO/WARN/ERROR": "test_the_defaults_are_those_of_the_text",
    "DEFAULT_INTERVAL_MS": "test_every_setting_does_what_the_text_says",
    "GET /api/health": "test_every_request_of_the_list",
    "GET /api/ingest?temperature_c=22.3&probe_id=adhoc": "test_every_request_of_the_list",
    "GET /api/probes": "test_every_request_of_the_list",
    "GET http://<probe-ip>/status": "test_the_requests_that_a_probe_answers",
    "GET http://<probe-ip>/whoami": "test_the_requests_that_a_probe_answers",
    "HOST": "test_every_setting_does_what_the_text_says",
    "INFO": "test_the_defaults_are_those_of_the_text",
    "LOG_LEVEL": "test_every_setting_does_what_the_text_says",
    "PORT": "test_every_setting_does_what_the_text_says",
    "POST /api/ingest": "test_every_request_of_the_list",
    "POST /api/provision": "test_every_request_of_the_list",
    "POST http://<probe-ip>/provision": "test_the_requests_that_a_probe_answers",
    "PUBLIC_BASE": "test_every_setting_does_what_the_text_says",
    "SERVER_TOKEN": "test_every_setting_does_what_the_text_says",
    "SERVER_TOKEN=YourSecret": "test_a_token_is_taken_in_each_of_the_three_ways",
    "Start.bat": "test_each_setting_stands_in_start_bat",
    "X-Token": "test_a_token_is_taken_in_each_of_the_three_ways",
    "X-Token: <SERVER_TOKEN>": "test_a_token_is_taken_in_each_of_the_three_ways",
    "X-Token: YourSecret": "test_a_token_is_taken_in_each_of_the_three_ways",
    "_temps-probe._tcp": "test_the_name_that_probes_advertise",
    "http://192.168.1.145:8088": "test_the_console_shows_the_address_of_the_page",
    "http://<LAN-IP>:<PORT>": "test_told_by_address_not_by_name",
    "http://<hub-ip>:8088": "test_every_request_of_the_list",
    "http://<hub-ip>:8088/api/ingest": "test_told_by_address_not_by_name",
    "http://<hub-ip>:8088/api/ingest?temperature_c=22.3": "test_the_quick_test_from_a_browser",
    "http://<lan-ip>:<port>": "test_told_by_address_not_by_name",
    "http://<probe-ip>/status": "test_the_requests_that_a_probe_answers",
    "server_url": "test_told_by_address_not_by_name",
    "temperature_log.csv": "test_readings_appear_within_the_time_of_the_text",
    '{ "ok": true }': "test_the_quick_test_from_a_browser",
    "{ host, port, interval_ms }": "test_every_request_of_the_list",
    "{ ok: true }": "test_the_quick_test_from_a_browser",
    "{ ok: true, probes: [{ id, name, host, ip, port, last_seen }] }": "test_every_request_of_the_list",
    '{ ok: true, time: "..." }': "test_every_request_of_the_list",
    "{ temperature_c, probe_id? }": "test_every_request_of_the_list",
    '{"token":"..."}': "test_a_token_is_taken_in_each_of_the_three_ways",
}
VOILA = (
    "the owner later fixed Voilà, Jupyter and Tornado: the files have other names, what they do is tried here"
)
NOT_HERE = {
    **dict.fromkeys(
        ("app.py", "auto_provision.py", "auto_provisioner.py", "api/routes.py", "components/probe_panel.py"),
        VOILA,
    ),
    **dict.fromkeys(("discovery/probe_discovery.py", "core/mdns_advert.py"), VOILA),
    "requirements.txt": "the owner later fixed packaging: pyproject.toml holds what is needed",
}
# Flows of the text that this computer cannot do.
NOT_ON_THIS_COMPUTER = {
    "If Windows Firewall prompts": "a dialog of Windows; the rules that it makes are tried in tests/firewall",
    "Power the probe (ESP32) via USB": "hardware; the same firmware runs here under MicroPython",
    "create a Task Scheduler task": "Windows; what is registered is tried in tests/service",
    "Probes flash the provided "
    "firmware": "hardware; the flashing tools' command lines are tried in tests/flash",
    "`Start.bat` runs cleanly on a fresh Windows "
    "install": "Windows; the file runs under wine in tests/install",
    "for 10 minutes": "the length; the same is seen here for seconds, and for hours before a release "
    "(docs/shipping.md)",
    "license text here": "a note of the owner to himself",
}


class Scene:
    """A hub and a probe on a street, and somebody's desk. The probe was on first, and was told by the owner's
    curl line."""

    def __init__(self, street: Street, ends: str) -> None:
        self.street, (hub, _, probe) = street, ends.partition("/")
        self.desk, self.place = street.host("desk", DESK), street.host("probe", PROBE)
        self.probe: Program | None = None
        if probe == "ours":
            street.ours(self.place, ID, PROBE)
        else:
            self.probe = street.stranger("c", self.place, ID, PROBE)
        (line,) = owner.curl_lines()
        wait_for(lambda: street.curl(self.desk, f"http://{PROBE}/whoami")[0] == 200, 20, 0.2)
        self.curl_answer = street.shell(self.desk, owner.filled(line, HUB, PROBE))
        self.curl_status = self.status()
        self.hub: Hub | None = None
        if hub == "ours":
            self.hub = street.hub("hub", HUB).start()
            up_at = self.hub.up_at
        else:
            self.theirs = street.strangers_hub(street.host("hub", HUB), HUB)
            up_at = self.theirs.first("listening")["at"]
        wait_for(self.readings, 40, 0.1)
        self.first_after_s = time.time() - up_at

    def status(self) -> dict[str, Any]:
        """The probe's own status."""
        return dict(self.street.curl(self.desk, f"http://{PROBE}/status")[1])

    def readings(self) -> list[float]:
        """What the hub has of the probe."""
        if self.hub is not None:
            return [float(row["temperature_c"]) for row in self.hub.rows(ID)]
        return [one["celsius"] for one in self.theirs.said("received") if one["probe_id"] == ID]


SCENES = ["ours/ours", "ours/theirs", "theirs/ours"]


@pytest.fixture(scope="module", params=SCENES)
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Hub/probe."""
    street = Street(tmp_path_factory.mktemp("street"))
    try:
        yield Scene(street, request.param)
    finally:
        street.close()


# Requests to a hub are asked of ours.
at_our_hub = pytest.mark.parametrize("scene", ["ours/ours", "ours/theirs"], indirect=True)


@pytest.fixture
def ours(scene: Scene) -> Hub:
    """Our hub in the scene."""
    assert scene.hub is not None
    return scene.hub


def test_nothing_in_the_text_is_left_out():
    """Each piece of code in the owner's text, and each flow that needs Windows or a board, is accounted for:
    an edit of the text shows here."""
    assert owner.spans() == set(DONE) | set(NOT_HERE)
    here = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_contract_*.py")
    )
    assert not [name for name in DONE.values() if f"def {name}(" not in here]
    assert not [words for words in NOT_ON_THIS_COMPUTER if words not in owner.text()]
    assert (len(owner.json_blocks()), len(owner.curl_lines()), len(owner.blocks())) == (2, 1, 5)


def test_the_owners_curl_line(scene):
    """The line of the troubleshooting section, typed as it stands, is taken, and the probe says so in
    /status."""
    status, answer = scene.curl_answer
    told = json.loads(re.findall(r"-d '(.*)'", owner.curl_lines()[0])[0].replace("<hub-ip>", HUB))
    assert status == 200 and answer.get("ok", True) is True
    assert (scene.curl_status["server_url"], scene.curl_status["interval_ms"]) == (
        told["server_url"],
        told["interval_ms"],
    )


@pytest.mark.alone
@pytest.mark.parametrize("ends", SCENES)
def test_readings_appear_within_the_time_of_the_text(street, ends):
    """Within the seconds that the text names readings appear, and the CSV grows."""
    scene = Scene(street, ends)
    assert scene.first_after_s < owner.seconds("Within") + 5
    had = len(scene.readings())
    wait_for(lambda: len(scene.readings()) >= had + 2, 15)
    if scene.hub is not None:
        assert "`temperature_log.csv`" in owner.section("Quick Start")
        assert (scene.hub.folder / "temperature_log.csv").is_file()


def test_the_requests_that_a_probe_answers(scene):
    """/whoami and /status answer what the text says of them; /provision takes the body of the text."""
    listed = owner.requests("Firmware")
    assert {address for _, address, _ in listed} == {
        f"http://<probe-ip>/{name}" for name in ("whoami", "status", "provision")
    }
    for method, address, said in listed:
        if method == "GET":
            status, answer = scene.street.curl(scene.desk, owner.filled(address, HUB, PROBE))
            assert status == 200 and answer, address
            for name in re.findall("server_url|interval", said):
                assert any(name in key for key in answer), (name, answer)
            if "identity" in said:
                assert ID in answer.values()
            if "last reading" in said:
                numbers = [
                    value
                    for key, value in answer.items()
                    if isinstance(value, float | int | dict | list) and key != "interval_ms"
                ]
                assert numbers, answer
    if scene.probe is None and scene.hub is not None:
        # It was claimed by our hub, and takes orders from nobody else any more.
        assert scene.status()["key_id"]
        return
    body = owner.filled(json.dumps(owner.json_blocks()[0]), HUB, token="")
    status, answer = scene.street.curl(
        scene.desk, "-H", "Content-Type: application/json", "-d", body, f"http://{PROBE}/provision"
    )
    assert status == 200, answer
    assert scene.status()["server_url"] == json.loads(body)["server_url"]


def test_told_by_address_not_by_name(scene):
    """Within the seconds that the text names the probe has a server_url that is an address with the path of
    the text, no name."""
    body = owner.json_blocks()[0]
    wait_for(
        lambda: scene.status()["server_url"] == owner.filled(body["server_url"], HUB),
        owner.seconds("should set it within") + 5,
    )
    assert ".local" not in scene.status()["server_url"]
    if scene.hub is not None:
        assert scene.status()["interval_ms"] == body["interval_ms"]


def test_the_body_of_a_reading(scene):
    """The body of the text is what our hub takes, and has the fields that our probe sends to whoever takes
    that."""
    body = owner.json_blocks()[1]
    if scene.hub is not None:
        before = len(scene.hub.rows("TempProbe-9999"))
        sent = json.dumps({**body, "probe_id": "TempProbe-9999"})
        assert scene.street.curl(scene.desk, "-d", sent, f"http://{HUB}:8088/api/ingest") == (
            200,
            {"ok": True},
        )
        wait_for(lambda: len(scene.hub.rows("TempProbe-9999")) == before + 1)
        assert float(scene.hub.rows("TempProbe-9999")[-1]["temperature_c"]) == body["temperature_c"]
    else:
        wait_for(scene.readings, 30)
        assert not scene.theirs.said("bad")


@at_our_hub
def test_the_quick_test_from_a_browser(scene, ours):
    """The address of the quick test answers as the text says, and there is a new row in the CSV."""
    # What other tests of this scene delivered under that name has to be in the log first.
    wait_for(
        lambda: (
            len(ours.rows("adhoc"))
            == sum(one["readings"] for one in ours.ask("/api/probes")["probes"] if one["id"] == "adhoc")
        ),
        30,
    )
    before = len(ours.rows("adhoc"))
    wanted = owner.words("{ ok: true }")
    assert scene.street.curl(ours.space, owner.filled(owner.quick_test(), HUB)) == (200, wanted)
    wait_for(lambda: len(ours.rows("adhoc")) == before + 1)
    assert f"{float(ours.rows('adhoc')[-1]['temperature_c']):g}" == owner.quick_test().rpartition("=")[2]


@at_our_hub
def test_every_request_of_the_list(scene, ours):
    """Each request of the API's list is answered as the list says, with any of the fields that may be left
    out left out."""
    base = owner.filled(re.findall("Base URL: `(.*?)`", owner.section("API"))[0], HUB)
    wait_for(scene.readings, 30)
    listed = owner.requests("API")
    assert len(listed) == 5
    for method, address, said in listed:
        models = [owner.words(form) for form in re.findall(r"`(\{.*?\})`", said) if "token" not in form]
        if method == "GET":
            status, answer = scene.street.curl(scene.desk, f"{base}{address}")
            assert status == 200 and all(owner.same_form(answer, model) for model in models), (
                address,
                answer,
            )
        elif "interval_ms" in said:
            fields = {"host": PROBE, "port": 80, "interval_ms": 2000}
            assert set(models[0]) == set(fields)
            for chosen in (
                {},
                {"host": PROBE},
                {"port": 80},
                {"interval_ms": 2000},
                {"host": PROBE, "port": 80},
                fields,
            ):
                status, answer = scene.street.curl(scene.desk, "-d", json.dumps(chosen), f"{base}{address}")
                assert (status, answer["ok"]) == (200, True), (chosen, answer)
                assert ID in [one["probe_id"] for one in answer["probes"]]
            assert scene.street.curl(scene.desk, "-X", "POST", f"{base}{address}")[0] == 200
        else:
            for chosen in ({"temperature_c": 23.8, "probe_id": "x"}, {"temperature_c": 23.8}):
                assert set(chosen) <= set(models[0])
                assert scene.street.curl(scene.desk, "-d", json.dumps(chosen), f"{base}{address}") == (
                    200,
                    {"ok": True},
                )


@at_our_hub
def test_the_console_shows_the_address_of_the_page(scene, ours):
    """The console shows the page's address, discovery and hits of the API; the page is there."""
    (shown,) = re.findall(
        r"UI shown in the console, e\.g\. `(http://)[\d.]+(:\d+)`", owner.section("Quick Start")
    )
    page = f"{shown[0]}{HUB}{shown[1]}"
    wait_for(lambda: page in ours.text())
    status, answer = scene.street.curl(scene.desk, page)
    assert status in (200, 302) and (status == 302 or "<html" in answer.lower())
    assert "LAN IPs, discovery activity, and API hits" in owner.section("Operations")
    # A line a minute counts the hits.
    wait_for(lambda: ID in ours.text() and re.search(r"\d+ readings?", ours.text()), 75, 0.5)


def test_the_name_that_probes_advertise(scene):
    """Probes are found under the service type of the text: a hub found the one that is here."""
    (kind,) = set(re.findall(r"`(_[a-z-]+\._tcp)`", owner.text()))
    sources = (ROOT / "tests" / "strangers" / "programs").glob("plain_*")
    assert all(kind in one.read_text(encoding="utf-8") for one in sources if "receiver" not in one.name)
    if scene.hub is not None:
        wait_for(lambda: ID in [one["id"] for one in scene.hub.ask("/api/probes")["probes"]], 20)
        # It may have said hello before its advert was heard.
        wait_for(lambda: scene.hub.ask("/api/health")["seen"]["adverts"] >= 1, 30)
    else:
        wait_for(lambda: [one for one in scene.theirs.said("told") if one["status"] == 200], 20)
