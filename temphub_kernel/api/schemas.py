"""What may come in: bodies and query values, field by field, turned into journal rows or an error with the
way out. Any thread."""

import ipaddress
import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from ..core import (
    ADHOC,
    BOOT,
    HIGHEST_C,
    LOWEST_C,
    MAX_AGE_MS,
    MAX_BATCH,
    MAX_SEQ,
    QUALITIES,
    UNDATED,
    BadRequest,
    Row,
    TempHubError,
    TooLarge,
    is_probe_id,
    to_units,
)
from .timestamps import given_times, junction_of, taken_by_clock

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:-]{0,252}[A-Za-z0-9])?")
MAX_TEXT = 64
# Of one board.
MAX_SENSORS = 16


def probe_field(data: dict[str, Any], name: str = "probe_id") -> str:
    """A probe that a person means: the hub has it in its list."""
    return checked_id(name, data.get(name), "names no probe", "Send the id of a probe in /api/probes.")


def host_field(data: dict[str, Any]) -> str | None:
    """`host`: an address, a host name, or the id of a known probe; None when nothing is named."""
    value = data.get("host")
    if value is None:
        return None
    if not isinstance(value, str) or not HOST.fullmatch(value):
        raise bad(
            "bad_host",
            f"host is {short(value)}, not an address or name.",
            "Send the probe's IP address, its name or its id as host, or leave it out for all.",
        )
    return value


def address_field(data: dict[str, Any], *, default: str) -> str:
    """`ip`: a numeric address a probe can have; `default` when it is left out."""
    value = data.get("ip", default)
    try:
        if not isinstance(value, str):
            raise ValueError
        address = ipaddress.ip_address(value)
    except ValueError:
        address = None
    if address is None or address.is_multicast or address.is_unspecified or address.is_reserved:
        raise bad(
            "bad_ip",
            f"ip is {short(value)}, not an address of a probe.",
            "Send the probe's own IP address, or leave ip out.",
        )
    return str(address)


def int_field(
    data: dict[str, Any], name: str, low: int, high: int, *, default: int = 0, required: bool = False
) -> int:
    """A whole number in [low, high]."""
    if name not in data and not required:
        return default
    value = whole(data.get(name))
    if type(value) is not int or not low <= value <= high:
        raise bad(
            f"bad_{name}",
            f"{name} is {short(value)}.",
            f"Send {name} as a whole number from {low} to {high}.",
        )
    return value


def text_field(data: dict[str, Any], name: str) -> str:
    """A short printable text; empty when left out."""
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise bad(
            f"bad_{name}",
            f"{name} is {short(value)}.",
            f"Send {name} as up to {MAX_TEXT} printable characters, or leave it out.",
        )
    return value


MAX_BODY = 1024 * 1024
MAX_FIELDS = 32
ID_REMEDY = "Use 1 to 64 letters, digits, '.', '_', ':' or '-', beginning with a letter or digit."


def bad(code: str, problem: str, remedy: str) -> BadRequest:
    """A refusal of bad input."""
    return BadRequest(problem, remedy, code=code)


def too_large(most: int = MAX_BODY) -> TooLarge:
    """The refusal of a body above the limit."""
    problem, remedy = (
        f"The body is larger than {most} bytes.",
        f"Send less at a time, at most {MAX_BATCH} readings in a batch.",
    )
    return TooLarge(problem, remedy, code="too_large")


def is_too_large(length: str | None, most: int = MAX_BODY) -> bool:
    """True when a Content-Length announces more than the API takes; what is no number is the parser's to
    refuse."""
    return length is not None and length.isdecimal() and (len(length) > 9 or int(length) > most)


def parse_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises TempHubError (400); NaN and Infinity are no JSON."""
    try:
        # An object in UTF-8 has no NUL; what does may be in another encoding that JSON knows.
        encoding = "utf-8" if body[:1] == b"{" and b"\0" not in body else json.detect_encoding(body)
        value = DECODER.decode(body.decode(encoding, "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise bad(
            "bad_json",
            f"The body is not valid JSON ({short(error)}).",
            'Send a JSON object such as {"temperature_c": 23.8}.',
        ) from error
    if type(value) is not dict:
        raise bad(
            "bad_json",
            "The body is JSON, but not an object.",
            'Send a JSON object such as {"temperature_c": 23.8}.',
        )
    return value


def whole(value: Any) -> Any:
    """2145.0 as 2145, everything else as it is: JSON has one kind of number, and some languages write a whole
    one like that."""
    return int(value) if type(value) is float and value.is_integer() else value


def check_text(data: dict[str, Any]) -> None:
    """Raises TempHubError (400) for half a character: JSON can write it as \\ud800, but no file and no reply
    can hold it."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise bad(
            "bad_text",
            "The body holds half a character (a lone surrogate), which cannot be kept.",
            "Send whole characters, as UTF-8.",
        ) from error


def parse_query(text: str) -> dict[str, str]:
    """The fields of a query, the last of each name. Raises TempHubError (400) when there are absurdly
    many."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError as error:
        remedy = "Send temperature_c, probe_id and, if need be, token."
        raise bad("too_many_fields", f"The query has more than {MAX_FIELDS} fields.", remedy) from error
    return dict(pairs)


def checked_id(name: str, value: object, says: str = "cannot name a probe", remedy: str = ID_REMEDY) -> str:
    """The id of a probe, sent as `name`. Raises TempHubError (400), the same way wherever one is asked
    for."""
    if is_probe_id(value):
        return value
    raise bad(f"bad_{name}", f"{name} is {short(value)}, which {says}.", remedy)


def check_sensors(data: dict[str, Any]) -> None:
    """Raises TempHubError (400) when `sensors` is there and is no list of a board's sensors' names."""
    given = data.get("sensors", [])
    if not isinstance(given, list) or len(given) > MAX_SENSORS or not all(map(is_probe_id, given)):
        raise bad(
            "bad_sensors",
            f"sensors is {short(given)}.",
            f"Send a list of at most {MAX_SENSORS} names such as TempProbe-0096:2, or leave it out.",
        )


def rows_of(data: dict[str, Any], received_ms: int) -> tuple[list[Row], bool]:
    """(rows of a delivery, whether it was a batch). Raises TempHubError (400/413) naming the field and the
    value.

    An age says when a reading was taken, else a time in it (see timestamps.py), else the moment it came in. A
    value outside what can be a temperature is a reading without one, quality `range`.
    """
    probe_id = checked_id("probe_id", data.get("probe_id", ADHOC))
    if "readings" in data:
        return _batch(probe_id, data, received_ms), True
    # A lone reading of a probe that counts: a repeat of it is recognised as one of a batch is, and answered
    # as one.
    boot, seq = data.get("boot"), whole(data.get("seq"))
    counted = (
        type(boot) is str and BOOT.fullmatch(boot) is not None and type(seq) is int and 0 <= seq <= MAX_SEQ
    )
    return [_reading(probe_id, data, received_ms, "", boot if counted else None)], counted


def sent_field(data: dict[str, Any]) -> int:
    """`sent_ms`: the probe's own count of milliseconds when it sent a batch. Raises TempHubError (400)."""
    sent_ms = whole(data["sent_ms"])
    if type(sent_ms) is not int or not 0 <= sent_ms <= MAX_SEQ:
        raise bad(
            "bad_sent_ms",
            f"sent_ms is {short(sent_ms)}.",
            "Send sent_ms as the probe's whole milliseconds since its boot, or leave it out.",
        )
    return sent_ms


def rows_of_query(query: dict[str, str], received_ms: int) -> list[Row]:
    """The one reading of `GET /api/ingest?temperature_c=…&probe_id=…`. Raises TempHubError (400)."""
    data: dict[str, Any] = dict(query)
    for name, kind in (("temperature_c", float), ("age_ms", int), ("seq", int)):
        if name in data:
            try:
                data[name] = None if data[name] == "null" else kind(data[name])
            except ValueError:
                _wrong_number(name, data[name])
    if isinstance(data.get("temperature_c"), float) and math.isnan(data["temperature_c"]):
        # What C prints for a measurement that failed.
        data["temperature_c"], data["quality"] = None, data.get("quality", "missing")
    data.pop("readings", None)
    return rows_of(data, received_ms)[0]


def _batch(probe_id: str, data: dict[str, Any], received_ms: int) -> list[Row]:
    readings = data["readings"]
    if type(readings) is not list or not readings:
        raise bad(
            "bad_readings",
            f"readings is {short(readings)}, not a list with readings.",
            "Send readings as a list of 1 to 1000 objects.",
        )
    if len(readings) > MAX_BATCH:
        raise TooLarge(
            f"The batch has {len(readings)} readings; the hub takes up to {MAX_BATCH} at a time.",
            f"Send at most {MAX_BATCH} readings in one batch.",
            code="batch_too_large",
        )
    boot = data.get("boot")
    if type(boot) is not str or BOOT.fullmatch(boot) is None:
        raise bad(
            "bad_boot",
            f"boot is {short(boot)}, so a repeat of this batch could not be recognised.",
            "Send boot as 1 to 32 letters and digits that change at each start of the probe.",
        )
    rows = []
    for at, reading in enumerate(readings):
        _check_in_batch(reading, at)
        rows.append(_reading(probe_id, reading, received_ms, f"readings[{at}].", boot))
    return rows


def _check_in_batch(reading: Any, at: int) -> None:
    """What a reading of a batch must have, beyond a lone one. Raises TempHubError."""
    if type(reading) is not dict:
        raise bad(
            "bad_readings",
            f"readings[{at}] is {short(reading)}, not an object.",
            "Send each reading as an object with seq, age_ms and temperature_c.",
        )
    for name in ("seq", "age_ms"):
        if name not in reading and not (name == "age_ms" and given_times(reading)):
            raise bad(
                f"bad_{name}", f"readings[{at}] has no {name}.", f"Send {name} with every reading of a batch."
            )
    if type(reading.get("age_unknown", False)) is not bool:
        raise bad(
            "bad_age_unknown",
            f"readings[{at}].age_unknown is {short(reading['age_unknown'])}.",
            "Send true when age_ms is only the least it can be, or leave it out.",
        )


def _reading(
    probe_id: str, data: dict[str, Any], received_ms: int, where: str, boot: str | None = None
) -> Row:
    age_ms = whole(data.get("age_ms", 0))
    if type(age_ms) is not int or not 0 <= age_ms <= MAX_AGE_MS:
        remedy = "Send how long ago the reading was taken, in whole milliseconds from 0 to one year."
        raise bad("bad_age_ms", f"{where}age_ms is {short(age_ms)}.", remedy)
    taken_ms, undated = received_ms - age_ms, data.get("age_unknown") is True
    if "age_ms" not in data and given_times(data):
        taken_ms, said_by = taken_by_clock(data, received_ms)
        undated = said_by is None
    seq = whole(data.get("seq")) if boot is not None else None
    if boot is not None and (type(seq) is not int or not 0 <= seq <= MAX_SEQ):
        remedy = "Send seq as a whole number from 0, one higher with each reading since boot."
        raise bad("bad_seq", f"{where}seq is {short(seq)}.", remedy)
    quality = data.get("quality")
    if quality is not None and quality not in QUALITIES:
        raise bad(
            "bad_quality",
            f"{where}quality is {short(quality)}.",
            f"Send one of {', '.join(QUALITIES)}, or leave it out.",
        )
    if "temperature_c" not in data:
        raise _no_temperature(where)
    celsius, junction = data["temperature_c"], junction_of(data)
    if celsius is None:
        if quality is None:
            raise _no_reason(where)
        return Row(probe_id, boot, seq, taken_ms, received_ms, None, quality, junction)
    if type(celsius) not in (int, float):
        _wrong_number(f"{where}temperature_c", celsius)
    if not LOWEST_C <= celsius <= HIGHEST_C:
        # A sensor's mistake, not the sender's: refused, it would be lost; as a number it would be believed.
        return Row(probe_id, boot, seq, taken_ms, received_ms, None, quality or "range", junction)
    if undated:
        quality = quality or UNDATED
    return Row(probe_id, boot, seq, taken_ms, received_ms, to_units(celsius), quality, junction)


def _no_temperature(where: str) -> TempHubError:
    problem = f"{where or 'The reading '}has no temperature_c.".replace(".has", " has")
    return bad("bad_temperature", problem, "Send temperature_c in °C, or null with a quality.")


def _no_reason(where: str) -> TempHubError:
    problem = f"{where}temperature_c is null without a quality."
    return bad("bad_quality", problem, f"Say why with quality: one of {', '.join(QUALITIES)}.")


def _wrong_number(name: str, value: object) -> NoReturn:
    code = "bad_temperature" if name.endswith("temperature_c") else f"bad_{name}"
    raise bad(
        code,
        f"{name} is {short(value)}, not a number.",
        f"Send {name.rpartition('.')[2]} as a plain number such as 23.8, without quotes.",
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


# As json.loads does it, with one decoder for all.
DECODER = json.JSONDecoder(parse_constant=_no_constant)


def short(value: object) -> str:
    """A value as met, for an error's words: never long."""
    text = repr(value) if not isinstance(value, Exception) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
