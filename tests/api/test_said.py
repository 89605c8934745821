"""What people say through the API: names, remarks, calibrations; kept, shown, refused with words."""

import pytest

from temphub_kernel.journal import Reader

T0 = 1_795_438_440_000


@pytest.fixture
def known(hub):
    """A hub that knows the probe `a`."""
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})[0] == 200
    return hub


def test_a_probe_is_described(known):
    """A person's name, group, place and note are kept and shown; the probe's own name comes back when the alias is emptied."""
    said = {"probe_id": "a", "alias": " Cold room 2 ", "group": "Cellar", "place": 3, "hidden": True, "note": "behind\nthe door"}
    assert known.ask("POST", "/api/describe", said) == (200, {"ok": True})
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert [probe[name] for name in ("name", "group", "place", "hidden", "note")] == ["Cold room 2", "Cellar", 3, True, "behind\nthe door"]
    assert known.ask("POST", "/api/describe", {"probe_id": "a", "alias": ""})[0] == 200
    (probe,) = known.ask("GET", "/api/probes")[1]["probes"]
    assert probe["name"] == "a" and probe["group"] == "Cellar"


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
    second = known.ask("POST", "/api/annotate", {"from_ms": T0 - 5000, "to_ms": T0, "text": "door", "probe_id": "a"})[1]["number"]
    listed = known.ask("GET", "/api/annotations")[1]["annotations"]
    assert [(a["number"], a["text"], a["probe_id"]) for a in listed] == [(second, "door", "a"), (first, "moved", None)]
    assert listed[0]["to"] == listed[1]["from"] == "2026-11-23T12:54:00.000Z"
    with Reader(known.journal) as reader:
        assert [a.text for a in reader.annotations(T0, T0 + 1)] == ["door", "moved"] and reader.annotations(T0 + 1, T0 + 9) == []
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
    """From the calibration's time on every answer of the API is the corrected value; taken back, it is the raw one again."""
    points = {"probe_id": "a", "points": [[21.5, 20.0]], "from_ms": 0, "note": "ice bath"}
    assert known.ask("POST", "/api/calibrate", points) == (200, {"ok": True})
    assert known.ask("GET", "/api/probes")[1]["probes"][0]["temperature_c"] == 20.0
    assert known.ask("GET", "/api/readings")[1]["readings"][0]["temperature_c"] == 20.0
    assert known.ask("GET", "/api/readings?bucket=1h")[1]["readings"][0]["mean_c"] == 20.0
    (listed,) = known.ask("GET", "/api/calibrations")[1]["calibrations"]
    assert (listed["points"], listed["note"], listed["to"]) == ([[21.5, 20.0]], "ice bath", None)
    assert known.ask("POST", "/api/calibrate", {"forget": listed["number"]})[0] == 200
    assert known.ask("GET", "/api/readings?bucket=1h")[1]["readings"][0]["mean_c"] == 21.5
    assert known.ask("POST", "/api/calibrate", {"forget": listed["number"]})[1]["error"] == "unknown_calibration"


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
    for path in ("describe", "annotate", "calibrate", "identify"):
        assert hub.ask("POST", f"/api/{path}", {"probe_id": "a"})[0] == 401


def test_age_that_nobody_knows(hub):
    """A good reading whose age its probe could not know is stored with its value and says so."""
    batch = {"probe_id": "a", "boot": "b", "readings": [{"seq": 1, "age_ms": 64000, "temperature_c": 4.5, "age_unknown": True}]}
    assert hub.ask("POST", "/api/ingest", batch)[0] == 200
    (reading,) = hub.ask("GET", "/api/readings")[1]["readings"]
    assert (reading["temperature_c"], reading["quality"]) == (4.5, "undated")
