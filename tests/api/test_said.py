"""What people say through the API: names, remarks, calibrations; kept, shown, refused with words."""

import json

import pytest

from temphub_kernel.core.clock import now_ms
from temphub_kernel.journal import Reader

T0 = 1_795_438_440_000


@pytest.fixture
def known(hub):
    """A hub that knows the probe `a`."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})[0] == 200
    return hub


def test_a_probe_is_described(known):
    """A person's name, group, place and note are kept and shown; the probe's own name comes back when the
    alias is emptied."""
    said = {
        "probe_id": "a",
        "alias": " Cold room 2 ",
        "group": "Cellar",
        "place": 3,
        "hidden": True,
        "note": "behind\nthe door",
    }
    assert known.ask("POST", "/api/describe", said) == (200, {"ok": True})
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert [probe[name] for name in ("name", "group", "place", "hidden", "note")] == [
        "Cold room 2",
        "Cellar",
        3,
        True,
        "behind\nthe door",
    ]
    assert known.ask("POST", "/api/describe", {"probe_id": "a", "alias": ""})[0] == 200
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert probe["name"] == "a" and probe["group"] == "Cellar"


def test_a_name_that_was_copied_from_a_cell_stays_on_one_line(known):
    """Tabs and line breaks of a name or a group are spaces: the title of a message, a line of the log and a
    row of a CSV file go on behind them. A space that must not break stays."""
    said = {"probe_id": "a", "alias": "Cold\troom\r\n2\u2028left", "group": "\nShop\u00a01 \n"}
    assert known.ask("POST", "/api/describe", said) == (200, {"ok": True})
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert (probe["name"], probe["group"]) == ("Cold room 2 left", "Shop\u00a01")


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({"probe_id": "nobody", "alias": "x"}, "unknown_probe", 404),
        ({"alias": "x"}, "bad_probe_id", 400),
        ({"probe_id": "a", "alias": "x" * 65}, "bad_alias", 400),
        ({"probe_id": "a", "alias": "a\x00b"}, "bad_alias", 400),
        ({"probe_id": "a", "place": -1}, "bad_place", 400),
        ({"probe_id": "a", "place": True}, "bad_place", 400),
        ({"probe_id": "a", "hidden": 1}, "bad_hidden", 400),
        ({"probe_id": "a", "id; DROP TABLE probes": "x"}, "bad_field", 400),
    ],
)
def test_descriptions_that_are_refused(known, said, code, status):
    """What cannot be kept is refused by name, and nothing of it is kept."""
    answer = known.ask("POST", "/api/describe", said)
    assert (answer[0], answer[1]["error"]) == (status, code) and answer[1]["remedy"]
    assert known.ask("GET", "/api/probes")[1]["probes"][0]["name"] == "a"


def test_remarks(known):
    """A remark on a moment, on a range, of one probe; listed by time, taken back by its number."""
    first = known.ask("POST", "/api/annotate", {"from_ms": T0, "text": "moved"})[1]["number"]
    second = known.ask(
        "POST", "/api/annotate", {"from_ms": T0 - 5000, "to_ms": T0, "text": "door", "probe_id": "a"}
    )[1]["number"]
    listed = known.ask("GET", "/api/annotations")[1]["annotations"]
    assert [(a["number"], a["text"], a["probe_id"]) for a in listed] == [
        (second, "door", "a"),
        (first, "moved", None),
    ]
    assert listed[0]["to"] == listed[1]["from"] == "2026-11-23T12:54:00.000Z"
    with Reader(known.journal) as reader:
        assert [a.text for a in reader.annotations(T0, T0 + 1)] == ["door", "moved"] and reader.annotations(
            T0 + 1, T0 + 9
        ) == []
    assert known.ask("POST", "/api/annotate", {"erase": first})[0] == 200
    assert known.ask("POST", "/api/annotate", {"erase": first})[1]["error"] == "unknown_annotation"


@pytest.mark.parametrize(
    ("remark", "code"),
    [
        ({"text": "x"}, "bad_from_ms"),
        ({"from_ms": 5, "text": "  "}, "bad_text"),
        ({"from_ms": 5, "text": 7}, "bad_text"),
        ({"from_ms": 5}, "bad_text"),
        ({"from_ms": 5, "to_ms": 4, "text": "x"}, "bad_to_ms"),
        ({"from_ms": 5, "text": "x" * 2001}, "bad_text"),
        ({"from_ms": 5, "text": "x", "probe_id": "nobody"}, "unknown_probe"),
        ({"erase": 0}, "bad_erase"),
    ],
)
def test_remarks_that_are_refused(known, remark, code):
    """A remark without a time or text is refused with what to send."""
    answer = known.ask("POST", "/api/annotate", remark)[1]
    assert answer["error"] == code and answer["remedy"]
    assert known.ask("GET", "/api/annotations")[1]["annotations"] == []


def test_calibration_is_seen_at_once(known):
    """From the calibration's time on every answer of the API is the corrected value; taken back, it is the
    raw one again."""
    points = {"probe_id": "a", "points": [[21.5, 20.0]], "from_ms": 0, "note": "ice bath"}
    assert known.ask("POST", "/api/calibrate", points) == (200, {"ok": True})
    assert known.ask("GET", "/api/probes")[1]["probes"][0]["temperature_c"] == 20.0
    assert known.ask("GET", "/api/readings")[1]["readings"][0]["temperature_c"] == 20.0
    assert known.ask("GET", "/api/readings?bucket=1h")[1]["readings"][0]["mean_c"] == 20.0
    (listed,) = known.ask("GET", "/api/calibrations")[1]["calibrations"]
    assert (listed["points"], listed["note"], listed["to"]) == ([[21.5, 20.0]], "ice bath", None)
    assert known.ask("POST", "/api/calibrate", {"forget": listed["number"]})[0] == 200
    assert known.ask("GET", "/api/readings?bucket=1h")[1]["readings"][0]["mean_c"] == 21.5
    assert (
        known.ask("POST", "/api/calibrate", {"forget": listed["number"]})[1]["error"] == "unknown_calibration"
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"probe_id": "a", "points": "0"}, "bad_points"),
        ({"probe_id": "a", "points": [[1]]}, "bad_points"),
        ({"probe_id": "a", "points": [[1, "2"]]}, "bad_points"),
        ({"probe_id": "a", "points": [[1, 2], [1, 3]]}, "bad_calibration"),
        ({"probe_id": "a", "points": [[1, 20000]]}, "bad_calibration"),
        ({"probe_id": "nobody", "points": []}, "unknown_probe"),
        ({"probe_id": "a", "points": [], "from_ms": "today"}, "bad_from_ms"),
        ({"probe_id": "a", "points": [], "note": 5}, "bad_note"),
    ],
)
def test_calibrations_that_are_refused(known, said, code):
    """A calibration that makes no correction is refused with what to send."""
    answer = known.ask("POST", "/api/calibrate", said)[1]
    assert answer["error"] == code and answer["remedy"]


def test_a_probe_blinks(known):
    """The hub passes the wish on, and says when it knows no such probe."""
    assert known.ask("POST", "/api/identify", {"probe_id": "TempProbe-0096"}) == (200, {"ok": True})
    assert known.ask("POST", "/api/identify", {"probe_id": "nobody"})[1]["error"] == "unknown_probe"


def test_changes_need_the_token(make_hub):
    """With a token in force nobody describes, remarks, calibrates or lets blink without it."""
    hub = make_hub(token="s3cret")
    for path in ("describe", "annotate", "calibrate", "thermocouple", "identify"):
        assert hub.ask("POST", f"/api/{path}", {"probe_id": "a"})[0] == 401


def test_age_that_nobody_knows(hub):
    """A good reading whose age its probe could not know is stored with its value and says so."""
    batch = {
        "probe_id": "a",
        "boot": "b",
        "readings": [{"seq": 1, "age_ms": 64000, "temperature_c": 4.5, "age_unknown": True}],
    }
    assert hub.ask("POST", "/api/ingest", batch)[0] == 200
    (reading,) = hub.ask("GET", "/api/readings")[1]["readings"]
    assert (reading["temperature_c"], reading["quality"]) == (4.5, "undated")


def values(hub, query=""):
    """(temperature, quality, what was sent) of each reading that /api/readings gives."""
    found = hub.ask("GET", f"/api/readings?{query}")[1]["readings"]
    return [(one["temperature_c"], one.get("quality"), one.get("raw_c")) for one in found]


def test_a_range_is_struck_out_and_taken_back(known):
    """What a person strikes out is in no answer but that to who asks for it, listed, noted, and counts again
    when it is undone."""
    now = now_ms()
    for age_ms, celsius in ((60_000, 99.0), (50_000, 98.0), (1_000, 20.0)):
        known.ask("POST", "/api/ingest", {"temperature_c": celsius, "probe_id": "b", "age_ms": age_ms})
    said = {"probe_id": "b", "from_ms": now - 70_000, "to_ms": now - 40_000, "note": "held in the hand"}
    status, answer = known.ask("POST", "/api/strike-out", said)
    assert status == 200 and answer["number"] == 1
    assert values(known, "probe_id=b") == [(20.0, None, None)]
    assert values(known, "probe_id=b&struck_out=true") == [
        (None, "struck_out", 99.0),
        (None, "struck_out", 98.0),
        (20.0, None, None),
    ]
    (bucket,) = known.ask("GET", "/api/readings?probe_id=b&bucket=366d")[1]["readings"]
    assert (bucket["max_c"], bucket["count"]) == (20.0, 1)
    (listed,) = known.ask("GET", "/api/struck-out")[1]["struck_out"]
    assert (listed["number"], listed["probe_id"], listed["note"]) == (1, "b", "held in the hand")
    assert known.ask("POST", "/api/strike-out", {"undo": 1})[0] == 200
    assert [value for value, *_ in values(known, "probe_id=b")] == [99.0, 98.0, 20.0]
    assert known.ask("POST", "/api/strike-out", {"undo": 1})[1]["error"] == "unknown_strike"
    noted = (known.settings.data_dir / "temphub_changes.log").read_text().splitlines()
    assert (
        [json.loads(line)["what"] for line in noted] == ["/api/strike-out"] * 2
        and "held in the hand" in noted[0]
        and "undo" in noted[1]
    )


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({"probe_id": "nobody", "from_ms": 1}, "unknown_probe", 404),
        ({"from_ms": 1}, "bad_probe_id", 400),
        ({"probe_id": "a"}, "bad_from_ms", 400),
        ({"probe_id": "a", "from_ms": 10, "to_ms": 9}, "bad_from_ms", 400),
        ({"probe_id": "a", "from_ms": 2**50}, "bad_from_ms", 400),
        ({"probe_id": "a", "from_ms": "2026-11-23"}, "bad_from_ms", 400),
        ({"probe_id": "a", "from_ms": 1, "note": 7}, "bad_note", 400),
        ({"probe_id": "a", "from_ms": 1, "note": "x" * 501}, "bad_note", 400),
        ({"undo": 0}, "bad_undo", 400),
        ({"undo": 99}, "unknown_strike", 404),
    ],
)
def test_strikes_that_are_refused(known, said, code, status):
    """What cannot be struck out is refused in words, and everything counts as before."""
    answer = known.ask("POST", "/api/strike-out", said)
    assert (answer[0], answer[1]["error"]) == (status, code) and answer[1]["remedy"]
    assert known.ask("GET", "/api/struck-out")[1]["struck_out"] == [] and values(known) == [
        (21.5, None, None)
    ]


def test_numbers_of_a_chip_are_corrected_and_taken_back(known):
    """What a person states of a probe is seen in every answer of the API, listed with what remains uncertain,
    noted, and undone."""
    sent = {"probe_id": "kiln", "temperature_c": 807.0}
    assert (
        known.ask("POST", "/api/ingest", sent)[0]
        == known.ask("POST", "/api/ingest", {**sent, "cold_c": 25.0})[0]
        == 200
    )
    said = {"probe_id": "kiln", "type": "K", "cold_c": 20, "cold_within_c": 10.5, "note": "firmware 0.3.0"}
    assert known.ask("POST", "/api/thermocouple", said) == (200, {"ok": True, "number": 1})
    told = [celsius for celsius, _, _ in values(known, "probe_id=kiln")]
    assert all(abs(celsius - 800) < 0.6 for celsius in told) and told[0] != told[1] == 800.125
    (bucket,) = known.ask("GET", "/api/readings?probe_id=kiln&bucket=366d")[1]["readings"]
    assert (bucket["min_c"], bucket["max_c"]) == (min(told), max(told))
    (overview,) = known.ask("GET", "/api/statistics?probe_id=kiln")[1]["probes"]
    assert overview["max_c"] == max(told)
    (newest,) = (one for one in known.ask("GET", "/api/probes")[1]["probes"] if one["id"] == "kiln")
    assert newest["temperature_c"] == 800.125
    (listed,) = known.ask("GET", "/api/thermocouples")[1]["thermocouples"]
    assert {
        "number": 1,
        "probe_id": "kiln",
        "type": "K",
        "chip": "max31855",
        "cold_c": 20,
        "cold_within_c": 10.5,
        "to": None,
    }.items() <= (listed.items())
    assert [one["at_c"] for one in listed["uncertainty"]] == [-150, 0, 100, 300, 600, 1000]
    assert all(0 < one["within_c"] < 1 for one in listed["uncertainty"])
    assert known.ask("POST", "/api/thermocouple", {"undo": 1}) == (200, {"ok": True, "number": 1})
    assert values(known, "probe_id=kiln") == [(807.0, None, None)] * 2
    noted = [
        json.loads(line)["what"]
        for line in (known.settings.data_dir / "temphub_changes.log").read_text().splitlines()
    ]
    assert noted == ["/api/thermocouple"] * 2


@pytest.mark.parametrize(
    ("said", "code", "status"),
    [
        ({"probe_id": "nobody", "type": "K"}, "unknown_probe", 404),
        ({"probe_id": "a"}, "bad_type", 400),
        ({"probe_id": "a", "type": 7}, "bad_type", 400),
        ({"probe_id": "a", "type": "K", "chip": ["max31855"]}, "bad_chip", 400),
        ({"probe_id": "a", "type": "K", "chip": "max31856"}, "bad_thermocouple", 400),
        ({"probe_id": "a", "type": "B"}, "bad_thermocouple", 400),
        ({"probe_id": "a", "type": "K", "cold_c": "25"}, "bad_cold_c", 400),
        ({"probe_id": "a", "type": "K", "cold_within_c": True}, "bad_cold_within_c", 400),
        ({"probe_id": "a", "type": "K", "cold_c": 300}, "bad_cold_c", 400),
        ({"probe_id": "a", "type": "K", "from_ms": 10, "to_ms": 9}, "bad_to_ms", 400),
        ({"probe_id": "a", "type": "k"}, "bad_thermocouple", 400),
        ({"probe_id": "a", "type": "K", "to_ms": "now"}, "bad_to_ms", 400),
        ({"probe_id": "a", "type": "K", "note": 7}, "bad_note", 400),
        ({"undo": 99}, "unknown_thermocouple", 404),
    ],
)
def test_what_is_no_thermocouple_is_refused(known, said, code, status):
    """It is refused in words with what to send, and readings count as before."""
    answer = known.ask("POST", "/api/thermocouple", said)
    assert (answer[0], answer[1]["error"]) == (status, code) and answer[1]["remedy"]
    assert known.ask("GET", "/api/thermocouples")[1]["thermocouples"] == [] and values(known) == [
        (21.5, None, None)
    ]


def test_a_power_on_value_is_no_temperature_anywhere(known):
    """85.0 of a sender that was just powered is no temperature of /api/probes, /metrics or a bucket;
    /api/readings tells what was sent."""
    known.ask("POST", "/api/ingest", {"temperature_c": 85, "probe_id": "plain"})
    assert values(known, "probe_id=plain") == [(None, "power_on", 85.0)]
    assert known.ask("GET", "/api/readings?probe_id=plain&bucket=1h")[1]["readings"] == []
    probe = next(one for one in known.ask("GET", "/api/probes")[1]["probes"] if one["id"] == "plain")
    assert (probe["temperature_c"], probe["quality"]) == (None, "power_on")
    assert 'temphub_temperature_celsius{probe_id="plain"}' not in known.ask("GET", "/metrics")[1]


def test_a_probe_is_removed_and_restored(known):
    """A removed probe is in no list and no metric; its readings are answered to who names it; it can be
    brought back, and that is noted."""
    known.ask("POST", "/api/ingest", {"temperature_c": 1, "probe_id": "gone"})
    assert known.ask("POST", "/api/remove", {"probe_id": "gone"}) == (200, {"ok": True})
    assert [one["id"] for one in known.ask("GET", "/api/probes")[1]["probes"]] == ["a"]
    assert "gone" not in known.ask("GET", "/metrics")[1] and values(known) == [(21.5, None, None)]
    assert values(known, "probe_id=gone") == [(1.0, None, None)]
    assert known.ask("POST", "/api/remove", {"probe_id": "gone", "restore": True})[0] == 200
    assert [one["id"] for one in known.ask("GET", "/api/probes")[1]["probes"]] == ["a", "gone"]
    assert (known.settings.data_dir / "temphub_changes.log").read_text().count("/api/remove") == 2
    assert known.ask("POST", "/api/remove", {"probe_id": "nobody"})[1]["error"] == "unknown_probe"
    assert known.ask("POST", "/api/remove", {"probe_ids": ["a", "nobody"]})[1]["error"] == "unknown_probe"
    for wrong in ([], "a", [7], ["a"] * 1_001):
        assert known.ask("POST", "/api/remove", {"probe_ids": wrong})[1]["error"] == "bad_probe_ids"
    assert [one["id"] for one in known.ask("GET", "/api/probes")[1]["probes"]] == ["a", "gone"]
    assert known.ask("POST", "/api/remove", {"probe_id": "a", "restore": "yes"})[1]["error"] == "bad_restore"


def test_a_probe_counts_as_another_and_stands_for_itself_again(known):
    """A new board in an old place is one line with the old one, in lists, history, metrics and exports, until
    undone; that is noted."""
    known.ask("POST", "/api/ingest", {"temperature_c": 22.5, "probe_id": "new"})
    assert known.ask("POST", "/api/merge", {"probe_id": "new", "into": "a"}) == (200, {"ok": True})
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert (probe["id"], probe["also"], probe["temperature_c"], probe["readings"]) == ("a", ["new"], 22.5, 2)
    known.ask("POST", "/api/ingest", {"temperature_c": 23.5, "probe_id": "new"})
    assert [value for value, _, _ in values(known, "probe_id=a")] == [21.5, 22.5, 23.5]
    assert values(known, "probe_id=new") == values(known, "probe_id=a"), "the old address of a script goes on"
    assert 'probe_id="new"' not in known.ask("GET", "/metrics")[1]
    exported = known.ask("GET", "/api/export?format=csv&probe_id=new")[1]
    assert exported.count(",a,") == 3 and ",new," not in exported
    for wrong, code in (
        ({"probe_id": "new", "into": "a"}, "not_merged"),
        ({"probe_id": "a", "into": "nobody"}, "unknown_probe"),
        ({"probe_id": "a"}, "bad_into"),
        ({"probe_id": "a", "into": "new", "overlap": 1}, "bad_overlap"),
        ({"probe_id": "a", "undo": "yes"}, "bad_undo"),
        ({"probe_id": "a", "undo": True}, "not_merged"),
    ):
        assert known.ask("POST", "/api/merge", wrong)[1]["error"] == code
    assert known.ask("POST", "/api/merge", {"probe_id": "new", "undo": True}) == (200, {"ok": True})
    assert [one["id"] for one in known.ask("GET", "/api/probes")[1]["probes"]] == ["a", "new"]
    assert values(known, "probe_id=new")[0][0] == 22.5
    assert (known.settings.data_dir / "temphub_changes.log").read_text().count("/api/merge") == 2


def test_two_that_measure_at_once_are_merged_only_on_purpose(known):
    """Two probes with readings in the same minutes are two places: that is said, with the times, and only
    `overlap` makes them one line."""
    began = now_ms() // 60_000 * 60_000
    for probe in ("here", "there"):
        for minute in range(10, 20):
            body = {"temperature_c": minute, "probe_id": probe, "timestamp": began - minute * 60_000}
            assert known.ask("POST", "/api/ingest", body)[0] == 200
    status, said = known.ask("POST", "/api/merge", {"probe_id": "there", "into": "here"})
    assert (
        (status, said["error"]) == (409, "overlap")
        and "in 10 minutes from" in said["problem"]
        and "--overlap" in said["remedy"]
    )
    assert known.ask("POST", "/api/merge", {"probe_id": "there", "into": "here", "overlap": True})[0] == 200
    assert len(values(known, "probe_id=here")) == 20, "none is lost"
