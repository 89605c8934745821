"""A lone reading read at once is what reading it field by field gives, and whatever is not as it should be is
left to that."""

import json
import random

from temphub_kernel.api.ingest.lone_decoder import decoded
from temphub_kernel.api.schemas import parse_json, rows_of
from temphub_kernel.core.reading import MAX_AGE_MS, MAX_SEQ

NOW_MS = 1_795_438_440_123
ODD = {
    "temperature_c": [
        21,
        -0.0,
        -270,
        1800,
        1800.1,
        -271,
        None,
        "x",
        True,
        1e-9,
        12.34567891234,
        85.0,
        -127,
        10**400,
        10**20,
    ],
    "probe_id": ["", "a b", "x" * 65, 5, None, "ok:1", "é", "\ud800"],
    "age_ms": [0, 1, MAX_AGE_MS, MAX_AGE_MS + 1, -1, 3.0, 3.5, None, "1", True],
    "boot": ["b1", "", "a b", "x" * 33, 5, None, "é"],
    "seq": [0, MAX_SEQ, MAX_SEQ + 1, -1, 7.0, 7.5, "7", None, True, 10**30],
    "sent_ms": [0, 5, 5.0, -1, None, "5"],
    "token": ["x", None, 5],
    "quality": [None, "crc", "bad"],
    "age_unknown": [True, False],
    "chip_c": [23.5],
    "timestamp": ["2026-11-20T12:00:00Z"],
    "humidity": [40],
    "readings": [[], None],
}
NOISE = b'0123456789.-eE+ ,:{}[]"\\nultrue\t\n\x00\xff'


def body_of(chance: random.Random) -> bytes:
    """A lone reading, mostly with something odd in it, or more or less of the usual fields."""
    data: dict[str, object] = {
        "temperature_c": round(chance.uniform(-50, 1000), chance.randrange(9)),
        "probe_id": "P-1",
    }
    for usual in ({"age_ms": 40}, {"boot": "b1", "seq": 9}, {"token": "t"}):
        data |= usual if chance.random() < 0.5 else {}
    if "boot" in data and chance.random() < 0.5:
        data["sent_ms"] = 12_000
    for _ in range(chance.choice([0, 1, 1, 2])):
        name = chance.choice([*ODD])
        if chance.random() < 0.1:
            data.pop(name, None)
        else:
            data[name] = chance.choice(ODD[name])
    text = json.dumps(data, ensure_ascii=chance.random() < 0.5, separators=chance.choice([None, (",", ":")]))
    if chance.random() < 0.1:
        text = text[:-1] + ', "probe_id": "again"}'
    body = bytearray(text.encode("utf-8", "surrogatepass"))
    if chance.random() < 0.25:
        at = chance.randrange(len(body))
        body[at : at + chance.randrange(2)] = bytes([chance.choice(NOISE)])
    return bytes(body)


def test_any_lone_reading_is_the_same_either_way() -> None:
    """Of thousands of odd bodies those taken at once give the same reading, kind of reply, token and
    count."""
    chance, taken, counted = random.Random(5), 0, 0
    for _ in range(12_000):
        body = body_of(chance)
        lone = decoded(body)
        if lone is None:
            continue
        data = parse_json(body)
        rows, counts = rows_of(data, NOW_MS)
        assert ([lone.row(NOW_MS)], lone.counts) == (rows, counts), body
        assert lone.token == data.get("token") and lone.probe_id == data["probe_id"], body
        assert data.get("sent_ms", lone.sent_ms) == lone.sent_ms, body
        taken, counted = taken + 1, counted + counts
    assert taken > 2_000 and counted > 300
