"""The page server's own port, beside the hub's."""

import http.client

import psutil

from support.waiting import PATIENCE_S, wait_for


def answer(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    """(status, body) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_only_the_front_door_is_answered(start_temphub):
    """Whoever finds the port gets nothing, by whatever name or path, a websocket neither; through the hub's
    port the page comes."""
    temphub = start_temphub().ready()
    own = wait_for(temphub.page_server, 30)

    def listens() -> set[int]:
        found = own.net_connections("tcp")
        return {
            one.laddr.port
            for one in found
            if one.status == psutil.CONN_LISTEN and one.laddr.ip == "127.0.0.1"
        }

    ports = wait_for(listens, 60)
    (port,) = [port for port in ports if answer(port, "/")[0] == 403]
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for path in ("/", "/v/api/kernels", "/v/static/x.js", "/v/api/kernels/0/channels"):
        for headers in (
            {},
            {"Host": "evil.example"},
            {"X-Temphub-Door": ""},
            {"X-Temphub-Door": "x" * 32},
            upgrade,
        ):
            status, body = answer(port, path, **headers)
            assert status == 403 and b"hub's port" in body and b"kernelId" not in body
    wait_for(lambda: answer(temphub.port, "/")[0] == 200, 30)
    assert b"kernelId" in answer(temphub.port, "/")[1]
    assert temphub.stop() == 0
