"""Requests that two readers of HTTP might see differently, or one of them not at all; for comparing what
becomes of them.

Each is what a client sends on one connection. `%d` in none of them: lengths are right or wrong as they stand.
"""

START = b"POST /api/ingest HTTP/1.1\r\n"
BODY = b'{"temperature_c": 21.5, "probe_id": "p"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
PLAIN = START + b"Host: hub:8088\r\n" + LENGTH + b"\r\n" + BODY
# What an attacker would have the next one's connection say.
INNER = b"GET /api/inner HTTP/1.1\r\nHost: hub\r\n\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

# Lines of a head beside a plain one, before the true length.
LINES = {
    "two lengths, alike": LENGTH,
    "two lengths, one longer": b"Content-Length: 99\r\n",
    "two lengths, one shorter": b"Content-Length: 5\r\n",
    "two lengths, one spelt otherwise": b"content-length: 5\r\n",
    "chunked with a length": b"Transfer-Encoding: chunked\r\n",
    "chunked, spelt otherwise": b"transfer-encoding: Chunked\r\n",
    "an encoding that nobody knows": b"Transfer-Encoding: xchunked\r\n",
    "no encoding": b"Transfer-Encoding: identity\r\n",
    "two encodings": b"Transfer-Encoding: gzip, chunked\r\n",
    "an encoding behind a space": b"Transfer-Encoding : chunked\r\n",
    "an encoding behind a tab": b"Transfer-Encoding:\tchunked\r\n",
    "an encoding behind a form feed": b"Transfer-Encoding:\x0cchunked\r\n",
    "an encoding in a folded line": b"Accept: a\r\n Transfer-Encoding: chunked\r\n",
    "a folded value": b"Accept: a\r\n\tb\r\n",
    "a folded first line": b" Accept: a\r\n",
    "a length behind a space": b"Content-Length : 5\r\n",
    "a length with an underscore": b"Content_Length: 5\r\n",
    "a line that a lone LF ends": b"Accept: a\n",
    "a length after a lone LF": b"Accept: a\nContent-Length: 5\r\n",
    "a length after a lone CR": b"Accept: a\rContent-Length: 5\r\n",
    "an end of two lone LF": b"Accept: a\n\n",
    "an end of LF CRLF": b"Accept: a\n\r\n",
    "a NUL": b"Accept: a\0b\r\n",
    "a NUL in a name": b"Acc\0ept: a\r\n",
    "a letter beyond ASCII": b"Accept: \xe9\r\n",
    "a name beyond ASCII": b"Acc\xe9pt: a\r\n",
    "no colon": b"Accept\r\n",
    "no name": b": a\r\n",
    "two hosts": b"Host: other\r\n",
    "two tokens": b"X-Token: a\r\nX-Token: b\r\n",
    "an expectation": b"Expect: 100-continue\r\n",
    "another expectation": b"Expect: a miracle\r\n",
    "an upgrade": b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    "an upgrade to HTTP/2": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
    b"AAMAAABkAARAAAAAAAIAAAAA\r\n",
    "a connection to be closed": b"Connection: close\r\n",
    "the same, spelt otherwise": b"connection: CLOSE\r\n",
    "a connection to be kept": b"Connection: Keep-Alive\r\n",
    "a connection that hides a field": b"Connection: close, Content-Length\r\n",
    "packed": b"Content-Encoding: gzip\r\n",
    "a web page's origin": b"Origin: http://evil.example\r\n",
    "a web page of another site": b"Sec-Fetch-Site: cross-site\r\n",
    "somebody else's address": b"X-Forwarded-For: 203.0.113.9\r\n",
    "a hundred fields": b"".join(b"X-Field-%d: a\r\n" % n for n in range(100)),
    "a long field": b"User-Agent: " + b"a" * 5000 + b"\r\n",
    "more than any head may be": b"User-Agent: " + b"a" * 20_000 + b"\r\n",
    "an unknown field": b"X-Whatever: a\r\n",
    "a signature of nobody": b"X-Counter: 1\r\nX-Signature: 00\r\n",
    "nothing": b"",
}
LENGTHS = [
    b"",
    b"+5",
    b"-5",
    b"+40",
    b"040",
    b"0",
    b"0x28",
    b"40.0",
    b"4e1",
    b"4_0",
    b"40,40",
    b"40, 40",
    b"40, 41",
    b"40;",
    b"40 40",
    b" 40 ",
    b"\t40",
    b"40\t",
    b"40\x0b",
    b"\xb240",
    b"\xd9\xa4\xd9\xa0",
    b"39",
    b"41",
    b"99999999999999999999",
]
STARTS = [
    b"POST /api/ingest HTTP/1.0",
    b"POST /api/ingest HTTP/1.2",
    b"POST /api/ingest HTTP/2.0",
    b"POST /api/ingest HTTP/0.9",
    b"POST /api/ingest",
    b"POST /api/ingest HTTP/1.1 ",
    b"POST  /api/ingest HTTP/1.1",
    b"POST\t/api/ingest HTTP/1.1",
    b"POST /api/ingest\tHTTP/1.1",
    b" POST /api/ingest HTTP/1.1",
    b"\r\nPOST /api/ingest HTTP/1.1",
    b"\r\n\r\nPOST /api/ingest HTTP/1.1",
    b"post /api/ingest HTTP/1.1",
    b"PUT /api/ingest HTTP/1.1",
    b"HEAD /api/ingest HTTP/1.1",
    b"POST http://hub:8088/api/ingest HTTP/1.1",
    b"POST /api/ingest? HTTP/1.1",
    b"POST /api/ingest?token=a HTTP/1.1",
    b"POST /api/ingest#a HTTP/1.1",
    b"POST //api/ingest HTTP/1.1",
    b"POST /api/%69ngest HTTP/1.1",
    b"POST /api/ingest/ HTTP/1.1",
    b"POST /api/ingest\0 HTTP/1.1",
    b"POST /api/ingest http/1.1",
    b"POST /api/ingest HTTP/1.1\r",
    b"PRI * HTTP/2.0",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]
WHOLE = {
    "plain": PLAIN,
    "plain, five times": PLAIN * 5,
    "plain, then rubbish": PLAIN + b"\x00\xff rubbish\r\n\r\n",
    "plain, then another question": PLAIN + INNER + PLAIN,
    "plain, then half of one": PLAIN + PLAIN[:40],
    "plain, then one without its body": PLAIN + PLAIN[:-10],
    "closing, then another": PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + PLAIN,
    "chunked": START + b"Host: hub\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED + PLAIN,
    "chunked with an extension": START
    + b"Host: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
    + CHUNKED.replace(b"\r\n{", b";a=b\r\n{"),
    "chunked with a length, an end and a question": START
    + b"Host: hub\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + INNER,
    "a length of nothing and a question as body": START + b"Host: hub\r\nContent-Length: 0\r\n\r\n" + INNER,
    "a question as body": START + b"Host: hub\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER + PLAIN,
    "no length": START + b"Host: hub\r\n\r\n" + PLAIN,
    "no host": START + LENGTH + b"\r\n" + BODY,
    "only lone LF": PLAIN.replace(b"\r\n", b"\n"),
    "a body of no JSON": PLAIN.replace(b'"temp', b"'temp"),
    "a body of half a letter": PLAIN.replace(b'"p"', b'"\xe9'),
    "a body without a temperature": PLAIN.replace(b"temperature_c", b"temperature_d"),
    "a batch": START
    + b"Host: hub\r\nContent-Length: 80\r\n\r\n"
    + b'{"probe_id":"p","boot":"b","readings":[{"seq":1,"age_ms":0,"temperature_c":1.5}]}'[:80],
    "nothing": b"",
    "a lone CRLF": b"\r\n",
    "the first letter": b"P",
    "a start alone": START,
    "a question": INNER,
    "a head without an end": b"POST /api/ingest HTTP/1.1\r\nHost: " + b"a" * 30_000,
    "a start without an end": b"POST /api/ingest" + b"a" * 30_000,
}


def everything() -> dict[str, bytes]:
    """All of them by what they are; behind most comes a plain one, which shows where the reader saw the
    end."""
    found = {
        f"field: {name}": START + b"Host: hub\r\n" + line + LENGTH + b"\r\n" + BODY + PLAIN
        for name, line in LINES.items()
    }
    found |= {
        f"length: {one!r}": START + b"Host: hub\r\nContent-Length: " + one + b"\r\n\r\n" + BODY + PLAIN
        for one in LENGTHS
    }
    found |= {
        f"start: {one!r}": one + b"\r\nHost: hub\r\n" + LENGTH + b"\r\n" + BODY + PLAIN for one in STARTS
    }
    return found | WHOLE
