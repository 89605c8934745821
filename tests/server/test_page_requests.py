"""Requests to a real hub's page and below `/v/`, right and odd ones: each has an answer with an end, no 5xx,
no traceback."""

import http.client
import itertools
import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.waiting import wait_for

VISIT = re.compile(rb'"kernelId": "([0-9a-f-]{36})"')
NOBODY = "00000000-0000-4000-8000-000000000000"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "ODD")
PATHS = [
    "/",
    "/v/",
    "/v",
    "/v//",
    "/v/voila/static/voila.js",
    "/v/voila/templates/lab/static/x",
    "/v/voila/api/themes/x/index.css",
    f"/v/voila/api/shutdown/{NOBODY}",
    "/v/voila/api/shutdown/x",
    f"/v/voila/query/{NOBODY}",
    "/v/voila/labextensions/x",
    "/v/voila/files/dashboard.ipynb",
    "/v/login",
    "/v/logout",
    "/v/api/kernels",
    f"/v/api/kernels/{NOBODY}",
    f"/v/api/kernels/{NOBODY}/channels",
    "/v/api/kernels/x-x-x-x-x",
    "/v/scripts/0/static/voila.js",
    "/v/scripts/0/lab/%2e%2e/%00",
    "/v/scripts/x/static/",
    "/v/%ff%fe",
    "/v/" + "a" * 500,
]
QUERIES = [
    "",
    "?voila-template=none",
    "?template=none&theme=none",
    "?voila-theme=%00",
    "?%ff=%fe",
    "?a=b&=&&",
    "?session_id=%00",
    "?" + "y" * 999,
]
FIELDS = [
    {},
    {"Accept": "application/json"},
    {"Range": "bytes=5-1"},
    {"If-None-Match": "x" * 200},
    {"Cookie": "temphub_zone=%ff; a"},
]


def answer(hub, method, path, fields=None, body=None):
    """(status, body, seconds) of one request; a closed or silent connection is an error."""
    connection, begun = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=90), time.monotonic()
    try:
        connection.request(method, path, body, fields or {})
        reply = connection.getresponse()
        return reply.status, reply.read(), time.monotonic() - begun
    finally:
        connection.close()


def quiet(hub):
    """Nothing that a stranger asks for is worth a traceback, nor many lines."""
    assert "Traceback" not in hub.text() and "ERROR" not in hub.text(), hub.text()[-3000:]


def test_every_answer_below_the_page_has_an_end(hub):
    """Each method at each path, with odd queries and fields in turn."""
    turns = itertools.cycle(itertools.product(QUERIES, FIELDS))
    before = len(hub.text().splitlines())
    for path, method in itertools.product(PATHS, METHODS):
        query, fields = next(turns)
        # Each GET of the page is a visit, which costs the hub more than all the rest.
        status, body, _ = answer(
            hub, method, path + query if path != "/" or method != "GET" else path, fields
        )
        assert status < 500, (method, path, query, fields, status)
        assert method != "HEAD" or body == b""
    quiet(hub)
    assert len(hub.text().splitlines()) - before < 20


def test_made_up_requests_are_answered(hub):
    """Paths, queries and fields of signs that mean something to somebody, drawn by a fixed seed."""
    draw = random.Random(16)
    signs = [
        "/",
        "..",
        "%2e",
        "%00",
        "%ff",
        ";",
        "?",
        "=",
        "&",
        "voila",
        "api",
        "kernels",
        "channels",
        "scripts",
        NOBODY,
        "a",
        "0",
        "%25",
    ]
    for _ in range(150):
        path = "/v/" + "".join(draw.choices(signs, k=draw.randint(1, 8)))
        status, _, _ = answer(hub, draw.choice(METHODS), path, draw.choice(FIELDS))
        assert status < 500, (path, status)
    quiet(hub)


@pytest.mark.parametrize(
    "query",
    [
        "?voila-template=none",
        "?voila-theme=none",
        "?template=none",
        "?theme=none",
        "?template=lab&theme=dark",
    ],
)
def test_nobody_chooses_voilas_template_or_theme(hub, query):
    """The page is the page, to its end, whatever its address asks of Voilà: one that there is not used to be
    a page without end."""
    status, page, _ = answer(hub, "GET", "/" + query)
    assert (
        status == 200
        and VISIT.search(page)
        and page.rstrip().endswith(b"</html>")
        and b"temphub" in page.lower()
    )
    quiet(hub)


def test_a_body_that_no_page_needs_is_refused_in_words(hub):
    """Above 64 KB, announced or not, at the page and below it: 413 with a reason; a visit's goodbye is
    taken."""
    page = answer(hub, "GET", "/")[1]
    visit = VISIT.search(page)[1].decode()
    goodbye = f"/v/voila/api/shutdown/{visit}"
    for body in (b"x" * 70_000, iter([b"x" * 35_000] * 2)):
        status, told, _ = answer(hub, "POST", goodbye, body=body)
        assert status == 413 and json.loads(told)["remedy"]
    assert answer(hub, "HEAD", f"/v/api/kernels/{visit}")[:2] == (200, b"")
    assert answer(hub, "POST", goodbye, body=b"{}")[0] == 204
    wait_for(lambda: answer(hub, "GET", f"/v/api/kernels/{visit}")[0] == 404, 30, 0.2)
    quiet(hub)


def test_a_crowd_of_pages_brings_the_page_server_no_end(hub):
    """Many pages asked for by one address, twenty at a time, and none of them used: each is a page, and the
    page server the same."""
    with ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda _: answer(hub, "GET", "/")[1], range(48)))
    assert all(VISIT.search(page) for page in pages)
    assert "another is started" not in hub.text(), hub.text()[-3000:]
    quiet(hub)
