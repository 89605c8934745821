"""One HTTP request: read from a stream within bounds, its body as JSON or as a form; http.Problem when it is
no good. Loaded for each."""

import json

from probe.http import refused

MAX_HEAD = 2048
MAX_BODY = 2048


class Request:
    """`method`, `path` (without query), `headers` (lower-case names), `body` (bytes)."""

    def __init__(self, method, path, headers):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = b""

    def json(self):
        """The body as a dict, else Problem 400."""
        try:
            value = json.loads(self.body.decode())
        except (ValueError, RuntimeError):
            # RuntimeError: brackets nested too deeply.
            raise refused("bad_json")
        if not isinstance(value, dict):
            raise refused("no_object")
        return value

    def form(self):
        """The fields of a form as a dict of texts, else Problem 400."""
        fields = {}
        try:
            for pair in self.body.split(b"&"):
                key, _, value = pair.partition(b"=")
                fields[_plain(key)] = _plain(value)
        except (ValueError, UnicodeError):
            raise refused("bad_form")
        return fields


async def read_request(reader):
    """A whole Request from the stream; Problem when it is malformed or larger than the limits; EOFError when
    it ends early."""
    data = b""
    while b"\r\n\r\n" not in data:
        if len(data) > MAX_HEAD:
            raise refused("head_too_large", MAX_HEAD)
        data += await _some(reader, 512)
    end = data.find(b"\r\n\r\n")
    if end > MAX_HEAD:
        raise refused("head_too_large", MAX_HEAD)
    request = parse_head(data[:end])
    length = _length(request)
    data = data[end + 4 :]
    while len(data) < length:
        data += await _some(reader, length - len(data))
    request.body = data[:length]
    return request


def parse_head(head):
    """Request line and headers, without the blank line, as a Request; Problem 400 when they make no sense."""
    try:
        lines = str(head, "utf-8").split("\r\n")
        method, target, version = lines[0].split(" ")
        if not version.startswith("HTTP/1.") or not target.startswith("/"):
            raise ValueError
        headers = {}
        for line in lines[1:]:
            key, colon, value = line.partition(":")
            if not colon:
                raise ValueError
            headers[key.strip().lower()] = value.strip()
    except (ValueError, UnicodeError):
        raise refused("bad_request")
    return Request(method, target.split("?")[0], headers)


def _length(request):
    text = request.headers.get("content-length")
    if text is None:
        if request.method == "POST" or "transfer-encoding" in request.headers:
            raise refused("length_required")
        return 0
    if not text or not all(c in "0123456789" for c in text):
        raise refused("bad_length")
    # Digits are counted first: a number of a thousand digits would cost memory before it is compared.
    if len(text) > 7 or int(text) > MAX_BODY:
        raise refused("body_too_large", MAX_BODY)
    return int(text)


async def _some(reader, limit):
    data = await reader.read(limit)
    if not data:
        raise EOFError
    return data


def _plain(raw):
    """The text behind the %XX and + of a form."""
    parts = raw.replace(b"+", b" ").split(b"%")
    out = parts[0]
    for part in parts[1:]:
        if len(part) < 2:
            raise ValueError
        out += bytes([int(str(part[:2], "utf-8"), 16)]) + part[2:]
    return str(out, "utf-8")
