"""Names that nobody has heard of: made up by the thousand they do not fill the hub."""

from support.waiting import wait_for
from temphub_kernel.api import plausibility
from temphub_kernel.api.plausibility import NewNames
from temphub_kernel.core.clock import monotonic_s
from temphub_kernel.core.names import CROWD
from temphub_kernel.journal import Reader


def names(hub):
    with Reader(hub.journal) as reader:
        return {probe["id"] for probe in reader.probes()}


def deliver(hub, name, **headers):
    return hub.ask("POST", "/api/ingest", {"temperature_c": 20.0, "probe_id": name}, headers)


def test_made_up_names_are_bounded(make_hub, monkeypatch):
    """From a flood of made-up names a bounded number is taken, whether they deliver or say hello; the rest is
    refused with the way out and leaves nothing. Probes that were there before, over a restart too, go on, and
    new ones are taken again after a while."""
    ahead_s = [0.0]
    monkeypatch.setattr(plausibility, "monotonic_s", lambda: monotonic_s() + ahead_s[0])
    hub = make_hub(names=NewNames(free_each=5, every_s=600.0))
    assert [deliver(hub, f"P{n}")[0] for n in range(5)] == [200] * 5
    status, said = deliver(hub, "made-up")
    assert (status, said["error"]) == (429, "too_many_new") and "SERVER_TOKEN" in said["remedy"]
    assert hub.ask("POST", "/api/hello", {"id": "made-up-too", "port": 80})[0] in (200, 429)
    assert [deliver(hub, f"P{n}")[0] for n in range(5)] == [200] * 5
    assert "made-up" not in names(hub) and len(hub.met) <= 1
    ahead_s[0] = 600.0
    assert deliver(hub, "New")[0] == 200
    hub.stop()
    again = make_hub(names=NewNames(free_each=0))
    assert (
        deliver(again, "P1")[0] == 200
        and deliver(again, "New")[0] == 200
        and deliver(again, "Another")[0] == 429
    )


def test_who_shows_the_token_brings_any_number(make_hub):
    """With SERVER_TOKEN in force its holder, such as a gateway of a thousand sensors, is not limited."""
    hub = make_hub(token="s3cret-Token", names=NewNames(free_each=0))
    assert [deliver(hub, f"P{n}", **{"X-Token": "s3cret-Token"})[0] for n in range(3)] == [200] * 3


def test_a_persons_word_opens_the_door(make_hub):
    """Who says how many new probes will come has so many taken at once, and no more; a wrong number is
    refused in words."""
    hub = make_hub(names=NewNames(free_each=0))
    assert deliver(hub, "P0")[0] == 429 and "--expect" in deliver(hub, "P0")[1]["remedy"]
    assert hub.ask("POST", "/api/expect", {"probes": 3})[0] == 200
    assert [deliver(hub, f"P{n}")[0] for n in range(4)] == [200] * 3 + [429]
    assert [deliver(hub, f"P{n}")[0] for n in range(3)] == [200] * 3
    for wrong in (0, -1, "many", 100_001, None):
        assert hub.ask("POST", "/api/expect", {"probes": wrong})[1]["error"] == "bad_probes"
    assert "/api/expect" in (hub.settings.data_dir / "temphub_changes.log").read_text()


def test_ids_that_came_once_are_removed_in_one_go(make_hub):
    """Of a crowd those that delivered once go with one order, a person's and a returning one stay; their
    readings are kept; one that delivers again is back by itself."""
    hub = make_hub()
    crowd = [f"made-up-{n:03}" for n in range(CROWD + 3)]
    assert {deliver(hub, name)[0] for name in crowd} == {200}
    assert deliver(hub, crowd[0])[0] == 200
    assert hub.ask("POST", "/api/describe", {"probe_id": crowd[1], "alias": "Mine"})[0] == 200
    listed = {one["id"]: one["transient"] for one in hub.ask("GET", "/api/probes")[1]["probes"]}
    assert [name for name, came in listed.items() if not came] == crowd[:2]
    assert hub.ask("POST", "/api/remove", {"unnamed": True}) == (200, {"ok": True, "removed": CROWD + 1})
    assert hub.ask("POST", "/api/remove", {"unnamed": True}) == (200, {"ok": True, "removed": 0})
    assert names(hub) == set(crowd[:2])
    assert len(hub.ask("GET", f"/api/readings?probe_id={crowd[5]}")[1]["readings"]) == 1
    assert deliver(hub, crowd[5])[0] == 200
    wait_for(lambda: names(hub) == {*crowd[:2], crowd[5]}, 10)
    for wrong in (
        {"unnamed": 1},
        {"unnamed": True, "probe_id": crowd[0]},
        {"unnamed": True, "restore": True},
    ):
        assert hub.ask("POST", "/api/remove", wrong)[1]["error"] == "bad_unnamed"
    assert hub.ask("POST", "/api/remove", {"unnamed": False})[1]["error"] == "bad_probe_id"


def test_ids_that_look_alike_name_each_other(make_hub):
    """/api/probes says of each probe which other one people could take it for."""
    hub = make_hub()
    for name in ("fridge-01", "fridge-O1", "attic"):
        deliver(hub, name)
    listed = {one["id"]: one["looks_like"] for one in hub.ask("GET", "/api/probes")[1]["probes"]}
    assert listed == {"attic": None, "fridge-01": "fridge-O1", "fridge-O1": "fridge-01"}
