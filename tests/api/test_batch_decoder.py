"""A batch read at once is what reading it field by field gives, and whatever is not as it should be is left
to that."""

import json
import random

import numpy as np
import pytest

from temphub_kernel.api.ingest.batch_decoder import decoded
from temphub_kernel.api.schemas import parse_json, rows_of
from temphub_kernel.api.timestamps import Transit
from temphub_kernel.core.errors import BadRequest
from temphub_kernel.core.reading import MAX_AGE_MS, MAX_SEQ

NOW_MS = 1_795_438_440_123
NUMBERS = {
    "seq": [0, 5, MAX_SEQ, MAX_SEQ + 1, -1, 5.0, 5.5, "5", None, True, 10**30],
    "age_ms": [0, 1, MAX_AGE_MS, MAX_AGE_MS + 1, -1, 3.0, None, "1"],
    "temperature_c": [
        21,
        21.5,
        -0.0,
        -270,
        1800,
        1800.1,
        -271,
        None,
        "x",
        True,
        23.8125,
        1e-9,
        12.34567891234,
        85.0,
        10**20,
        float("inf"),
    ],
    "quality": [None, "crc", "open", "bad", 5, "undated"],
    "age_unknown": [True, False, None, 1],
    "chip_c": [23.5],
    "humidity": [40],
    "time": ["2026-11-20T12:00:00Z", None],
}
HEADS = {
    "boot": ["", "a b", "x" * 33, 5, None, "ok", "é"],
    "probe_id": ["", "a b", "x" * 65, 5, None, "ok:1", "é"],
    "token": ["x", None, 5],
    "readings": [[], None, {}, [5], [{}]],
}
NOISE = b'0123456789.-eE+ ,:{}[]"\\nultrue\t\n\x00\xff'


def body_of(chance: random.Random) -> bytes:
    """A batch, mostly with something odd in it."""
    count = chance.randrange(1, 6)
    values = [round(chance.uniform(-50, 1000), chance.randrange(9)) for _ in range(count)]
    readings = [
        {"seq": 100 + n, "age_ms": (count - n) * 20, "temperature_c": value} for n, value in enumerate(values)
    ]
    data: dict[str, object] = {"probe_id": "P-1", "boot": "b1", "readings": readings}
    for _ in range(chance.choice([0, 1, 1, 2])):
        name, choice = chance.choice([*NUMBERS.items(), *HEADS.items()])
        whose = data if name in HEADS else chance.choice(readings)
        if chance.random() < 0.1:
            whose.pop(name, None)
        else:
            whose[name] = chance.choice(choice)
    text = json.dumps(data, ensure_ascii=chance.random() < 0.5, separators=chance.choice([None, (",", ":")]))
    body = bytearray(text.encode())
    if chance.random() < 0.25:
        at = chance.randrange(len(body))
        body[at : at + chance.randrange(2)] = bytes([chance.choice(NOISE)])
    return bytes(body)


def test_any_batch_is_the_same_either_way() -> None:
    """Of thousands of odd bodies those that are taken at once give the same readings and token; the others
    are left alone."""
    chance, taken = random.Random(3), 0
    for _ in range(2_500):
        body = body_of(chance)
        batch = decoded(body)
        if batch is None:
            continue
        taken += 1
        data = parse_json(body)
        rows, is_batch = rows_of(data, NOW_MS)
        found = batch.delivered(NOW_MS, 0.0, Transit())
        assert is_batch and [found.row(at) for at in range(len(found))] == rows, body
        assert (batch.token, batch.probe_id) == (data.get("token"), rows[0].probe_id)
    assert taken > 500


@pytest.mark.parametrize("name", ['"qu\\u0061lity"', '"quality"'])
def test_a_fault_is_seen_however_its_name_is_written(name: str) -> None:
    """A reading without a value has the quality that says why, also where the name is escaped; without one it
    is refused as ever."""
    body = (
        f'{{"boot": "b", "readings": [{{"seq": 1, "age_ms": 0, "temperature_c": null, {name}: "crc"}}]}}'
    ).encode()
    batch = decoded(body)
    assert (
        batch is not None
        and batch.delivered(NOW_MS, 0.0, Transit()).row(0) == rows_of(parse_json(body), NOW_MS)[0][0]
    )
    silent = body.replace(name.encode() + b': "crc"', b'"age_unknown": true')
    assert decoded(silent) is None
    with pytest.raises(BadRequest, match="null without a quality"):
        rows_of(parse_json(silent), NOW_MS)


def test_what_is_sent_in_pieces_of_a_second_is_dated_by_the_count() -> None:
    """With `sent_ms` the readings of a batch that was held back are where the probe's count puts them."""
    transit = Transit()
    transit.hear("P", "b", 10_000, 700_000.0)
    body = {
        "probe_id": "P",
        "boot": "b",
        "sent_ms": 12_000,
        "readings": [{"seq": n, "age_ms": 900 - n * 100, "temperature_c": 20} for n in range(9)],
    }
    batch = decoded(json.dumps(body).encode())
    assert batch is not None
    found = batch.delivered(NOW_MS, 704_500.0, transit)
    assert np.abs(found.taken_ms - (NOW_MS - 2_500 - batch.age_ms)).max() <= 2
