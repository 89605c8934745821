"""Checked forms of what people and hubs send: probe ids and the address that takes the readings."""

INGEST = "/api/ingest"

_ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def is_probe_id(text):
    """True for `[A-Za-z0-9][A-Za-z0-9._:-]{0,62}`; one short of the hub's 64, as a DNS label holds 63
    bytes."""
    return (
        isinstance(text, str) and 0 < len(text) <= 63 and text[0] in _ALNUM and _only(text, _ALNUM + "._:-")
    )


def split_url(url):
    """`http://host[:port][/path][?query]` as (host, port, path and query as told, "" for none).
    ValueError(problem, remedy) otherwise."""
    remedy = "Send an address such as http://192.168.1.10:8088/api/ingest."
    if not isinstance(url, str) or not url.startswith("http://") or len(url) > 200:
        raise ValueError(
            "The hub address must be a text that begins with http:// and has at most 200 characters.", remedy
        )
    place, _, path = url[7:].partition("/")
    host, colon, port = place.partition(":")
    if not 0 < len(host) <= 100 or not _only(host, _ALNUM + ".-_"):
        raise ValueError("The hub address has no usable host name or IP address.", remedy)
    # Byte by byte: a blank or a line end in the path would break the request line.
    if not _only(path, _ALNUM + "/._~-%+?=&,:;@!$*()"):
        raise ValueError("The hub address has a path with characters a probe cannot send.", remedy)
    if colon and not (0 < len(port) <= 5 and _only(port, "0123456789") and 0 < int(port) < 65536):
        raise ValueError("The hub address has a port that is not a number from 1 to 65535.", remedy)
    return host, int(port) if colon else 80, "/" + path if path.strip("/") else ""


def places(url):
    """(host, port, where readings go, where hello goes): readings to exactly what was told, hello beside it.

    An address without a path is a hub's base, as firmware up to 0.3.0 was told it.
    """
    host, port, told = split_url(url)
    path, mark, query = told.partition("?")
    if not path.strip("/"):
        path = INGEST
    return host, port, path + mark + query, path.rstrip("/").rsplit("/", 1)[0] + "/hello" + mark + query


def base(url):
    """(host, port, path of the hub's base): what stands before /api/ingest, else nothing."""
    host, port, told = split_url(url)
    path = told.split("?")[0]
    return host, port, path[: -len(INGEST)] if path.endswith(INGEST) else ""


def is_ipv4(text):
    """True for four dotted numbers from 0 to 255."""
    parts = text.split(".")
    return len(parts) == 4 and all(0 < len(p) <= 3 and _only(p, "0123456789") and int(p) < 256 for p in parts)


def _only(text, allowed):
    return all(c in allowed for c in text)
