"""probe/endpoints.py, over real connections"""

import json
import os

from probe.endpoints import Endpoints
from probe.seal import same
from probe_harness import Folder, Probe, Visitor, identity, run


class _House:
    """A probe with its web server and the folder it saves in."""

    def __init__(self, folder, **given):
        self.probe = Probe(folder, **given)
        self.blinks = []
        self.visitor = Visitor(Endpoints(self.probe.state, lambda: self.blinks.append(1)).routes())


def _visit(work, **given):
    """Run `await work(house, folder)` against a serving probe."""

    async def go(folder):
        house = _House(folder, **given)
        await house.visitor.start()
        try:
            await work(house, folder)
        finally:
            house.visitor.stop()

    with Folder() as folder:
        run(go(folder))


def test_whoami_is_the_identity():
    """The facts by which the hub knows a probe, and that nobody claimed it."""

    async def work(house, folder):
        status, body = await house.visitor.get("/whoami")
        assert status == 200 and json.loads(body) == dict(identity(), key_id="")

    _visit(work)


def test_status_tells_all_but_the_token():
    """Every promised field is there; the token itself is nowhere."""

    async def work(house, folder):
        house.probe.record(21.5, None)
        house.probe.ticks.forward(1500)
        _, text = await house.visitor.get("/status")
        body = json.loads(text)
        body.pop("heap_free", None)
        assert "s3cret" not in text
        assert body == {
            "id": "TempProbe-0A01",
            "last_c": 21.5,
            "quality": None,
            "age_ms": 1500,
            "interval_ms": 2000,
            "server_url": "",
            "token_set": True,
            "needs_provision": True,
            "outbox": 1,
            "thinned": 0,
            "dropped": 0,
            "delivered": 0,
            "uptime_s": 1,
            "sent_ms": 1500,
            "last_error": None,
            "boot": "a1b2c3d4",
            "version": "9.9",
            "model": "virtual",
            "key_id": "",
        }

    _visit(work, token="s3cret")


def test_before_the_first_reading_the_value_is_missing():
    """No value, no age, quality 'missing'."""

    async def work(house, folder):
        body = json.loads((await house.visitor.get("/status"))[1])
        assert (body["last_c"], body["quality"], body["age_ms"]) == (None, "missing", None)

    _visit(work)


def test_the_page_shows_the_value_and_no_foreign_markup():
    """A name is text, never HTML."""

    async def work(house, folder):
        house.probe.state.identity["name"] = "<script>&"
        house.probe.record(4.5, None)
        status, page = await house.visitor.get("/")
        assert status == 200 and "4.5 °C" in page and "&lt;script>&amp;" in page and "<script>" not in page
        house.probe.record(None, "crc")
        assert "no value (crc)" in (await house.visitor.get("/"))[1]

    _visit(work)


def test_provisioning_is_in_force_and_saved_before_it_is_answered():
    """The answer repeats what holds now; the file holds it too."""

    async def work(house, folder):
        event = house.probe.state.watch()
        body = {"server_url": "http://10.0.0.1:8088", "interval_ms": 5000, "token": "s3cret"}
        status, answer = await house.visitor.post("/provision", body, "X-Token: s3cret")
        assert status == 200
        assert answer == {
            "ok": True,
            "server_url": "http://10.0.0.1:8088",
            "interval_ms": 5000,
            "token_set": True,
        }
        assert event.is_set() and os.listdir(folder) == ["settings.json"]
        assert json.loads((await house.visitor.get("/status"))[1])["needs_provision"] is False

    _visit(work)


def test_provisioning_with_the_same_values_wakes_only_the_delivery():
    """A hub that repeats itself does not disturb the beat, but shows that it is there again."""

    async def work(house, folder):
        assert (await house.visitor.post("/provision", {"interval_ms": 2500}))[0] == 200
        beat, delivery = house.probe.state.watch(), house.probe.state.watch(repeats=True)
        assert (await house.visitor.post("/provision", {"interval_ms": 2500}))[0] == 200
        assert delivery.is_set() and not beat.is_set()

    _visit(work)


def test_bad_settings_change_nothing():
    """400 with problem and remedy, for the whole body even if only one value is wrong."""

    async def work(house, folder):
        good = {"server_url": "http://10.0.0.1", "interval_ms": 5000}
        for bad in ({"interval_ms": 10}, {"server_url": "x"}, {"token": 5}, {"interval_ms": True}):
            body = dict(good)
            body.update(bad)
            status, answer = await house.visitor.post("/provision", body)
            assert status == 400 and answer["problem"] and answer["remedy"], bad
        for raw in (b"", b"{", b"[]", b"\xff", b'"x"', b"{}", b'{"x": 1}'):
            assert (await house.visitor.post("/provision", raw))[0] == 400, raw
        assert house.probe.state.settings.server_url == "" and os.listdir(folder) == []

    _visit(work)


def test_a_probe_with_a_token_obeys_only_who_knows_it():
    """By header, by old_token, or by sending the same token; else 401 and nothing changes."""

    async def work(house, folder):
        post = house.visitor.post
        body = {"server_url": "http://10.0.0.66"}
        assert (await post("/provision", body, "X-Token: wrong"))[0] == 401
        for extra in ({}, {"token": "other"}, {"old_token": "s3cre"}, {"token": 5}):
            status, answer = await post("/provision", dict(body, **extra))
            assert status == 401 and answer["error"] == "wrong_token" and answer["remedy"], extra
        assert house.probe.state.settings.server_url == ""
        assert (await post("/provision", body, "x-token: s3cret"))[0] == 200
        assert (await post("/provision", dict(body, token="s3cret")))[0] == 200
        assert (await post("/provision", dict(body, old_token="s3cret", token="new")))[0] == 200
        assert house.probe.state.settings.token == "new"

    _visit(work, token="s3cret")


def test_another_sites_page_cannot_set_up_a_probe():
    """A browser names the page's origin; a foreign one is refused, the probe's own is not."""

    async def work(house, folder):
        body = {"server_url": "http://10.0.0.66"}
        for path in ("/provision", "/identify"):
            assert (await house.visitor.post(path, body, "Origin: http://evil.example"))[0] == 403
            assert (await house.visitor.post(path, body, "Origin: http://probe"))[0] == 200

    _visit(work)


def test_identify_blinks():
    """POST only, as it does something."""

    async def work(house, folder):
        assert await house.visitor.post("/identify", b"") == (200, {"ok": True})
        assert house.blinks == [1]
        assert (await house.visitor.get("/identify"))[0] == 405

    _visit(work)


def test_settings_that_cannot_be_saved_are_not_accepted():
    """Else the probe would obey until the next power cut and then be lost."""

    async def work(house, folder):
        os.mkdir(folder + "/settings.json.new")
        status, answer = await house.visitor.post("/provision", {"interval_ms": 900})
        os.rmdir(folder + "/settings.json.new")
        assert status == 500 and answer["error"] == "not_saved"
        assert house.probe.state.settings.interval_ms == 2000

    _visit(work)


def test_texts_are_compared_whole():
    """Equal means equal, at any length."""
    assert same("", "") and same("abc", "abc")
    assert not same("abc", "abd") and not same("abc", "ab") and not same("", "a")
