"""The parsers themselves, with whatever can be made up: each gives what it promises or an error in words."""

import json

from hypothesis import example, given, settings, strategies as st
from tornado.httputil import HTTPHeaders

from temphub_kernel.api.access.security import Hosts, check_origin, check_plain_get
from temphub_kernel.api.schemas import MAX_FIELDS, check_text, parse_json, parse_query, rows_of, rows_of_query
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import HIGHEST_C, LOWEST_C, MAX_AGE_MS, UNITS_PER_C
from temphub_kernel.core.settings import ALLOWED, Settings
from temphub_kernel.csvlog.format import begins_header, cells_of, keys_of

MANY = settings(max_examples=300, derandomize=True, database=None, deadline=None)
NUMBERS = st.one_of(st.integers(), st.floats(), st.booleans(), st.integers(-300, 2000))
LEAF = st.one_of(st.none(), NUMBERS, st.text(max_size=20))
ANY = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = [
    "temperature_c",
    "probe_id",
    "boot",
    "seq",
    "age_ms",
    "quality",
    "age_unknown",
    "sent_ms",
    "readings",
    "token",
]
READING = st.dictionaries(st.sampled_from(FIELDS), LEAF, max_size=8)
BODY = st.dictionaries(
    st.sampled_from(FIELDS), st.one_of(ANY, st.just("p1"), st.lists(READING, max_size=3)), max_size=8
)
NOW = 1_795_438_440_000
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
HOSTS = Hosts(Settings.from_environ({}))


def sound(rows):
    for row in rows:
        assert row.units is None or LOWEST_C * UNITS_PER_C <= row.units <= HIGHEST_C * UNITS_PER_C
        assert NOW - MAX_AGE_MS <= row.taken_ms <= NOW and (row.units is not None or row.quality)


@MANY
@given(BODY)
@example({"temperature_c": True})
@example({"temperature_c": 10**400})
@example({"boot": "b", "readings": [{"seq": 1, "age_ms": 0, "temperature_c": float("nan")}]})
def test_any_body_is_readings_or_an_error(data):
    """What comes out of a delivery are readings within the limits, or an error with problem and remedy."""
    try:
        rows, _ = rows_of(data, NOW)
    except TempHubError as error:
        assert error.remedy and 400 <= error.status < 500
        return
    sound(rows)


@MANY
@given(st.one_of(st.binary(max_size=200), ANY.map(lambda value: json.dumps(value).encode())))
@example(b"9" * 5000)
@example(b'{"a":' * 100_000)
@example(b"\xff\xfe{}")
def test_any_bytes_are_an_object_or_an_error(body):
    """What comes out of a body is a JSON object, or an error."""
    try:
        data = parse_json(body)
        check_text(data)
    except TempHubError as error:
        assert error.status == 400
    else:
        assert type(data) is dict


@MANY
@given(
    st.one_of(
        st.text(max_size=120),
        st.lists(st.tuples(st.sampled_from(FIELDS), st.text(max_size=12)), max_size=6).map(
            lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
        ),
    )
)
@example("temperature_c=1_0")
@example("&".join("a=1" for _ in range(MAX_FIELDS + 1)))
@example("temperature_c=" + "9" * 5000 + "&age_ms=" + "9" * 5000)
def test_any_query_is_a_reading_or_an_error(text):
    """What comes out of a query is a reading within the limits, or an error."""
    try:
        sound(rows_of_query(parse_query(text), NOW))
    except TempHubError as error:
        assert error.status == 400


@MANY
@given(st.sampled_from(sorted(ALLOWED)), st.text(max_size=60))
@example("PUBLIC_BASE", "http://[::1")
@example("PUBLIC_BASE", "http://x:٣")
@example("HOST", "fe80::1%eth0")
def test_any_setting_is_taken_or_told_in_words(tmp_path_factory, name, value):
    """Whatever a setting holds, the start goes on or is stopped with the name of the setting."""
    try:
        Settings.from_environ({"DATA_DIR": "d", name: value}, tmp_path_factory.getbasetemp())
    except TempHubError as error:
        assert name in error.problem or name.startswith("TLS_")


@MANY
@given(st.binary(max_size=300))
@example(b'2026,"x\r,,,\n')
@example(b"\0" * 300)
def test_any_log_can_be_read(text):
    """Whatever stands in the CSV log after an accident, looking for readings in it finds some or none."""
    begins_header(text)
    assert all(
        isinstance(cell, str)
        for line in text.decode("utf-8", "replace").splitlines()
        for cell in cells_of(line)
    )
    assert all(len(key) == 4 for key in keys_of(text))


@MANY
@given(HEADER, HEADER, HEADER)
@example("[::1", "http://[", "x")
@example("a:99999", "http://a:99999", "http://a:x")
def test_any_header_is_judged(host, origin, referer):
    """Whatever a request says of its host and its origin, it passes or is refused in words."""
    headers = HTTPHeaders(
        {
            "Host": host.strip(),
            "Origin": origin.strip(),
            "Referer": referer.strip(),
            "User-Agent": "Mozilla/5.0",
        }
    )
    for check in (
        lambda: HOSTS.check(headers["Host"]),
        lambda: check_origin(headers),
        lambda: check_plain_get(headers),
    ):
        try:
            check()
        except TempHubError as error:
            assert error.status in (403, 421)
