"""The page's scripts, asked for as a browser does."""

import asyncio
import http.client
from http.client import HTTPMessage

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from temphub_kernel.server.static import ScriptHandler, Scripts

from .waiting import PATIENCE_S


def ask_all(scripts: Scripts, *asked: tuple[str, dict[str, str]]) -> list[tuple[int, HTTPMessage, bytes]]:
    """The replies to (path, headers), one after the other over one connection to a real server."""

    def talk(port: int) -> list[tuple[int, HTTPMessage, bytes]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        replies = []
        for path, headers in asked:
            connection.request("GET", path, headers=headers)
            reply = connection.getresponse()
            replies.append((reply.status, reply.headers, reply.read()))
        connection.close()
        return replies

    async def serve() -> list[tuple[int, HTTPMessage, bytes]]:
        server = HTTPServer(
            Application([(r"/s/([0-9a-f]+)/(static|lab|page)/(.+)", ScriptHandler, {"scripts": scripts})])
        )
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        try:
            return await asyncio.to_thread(talk, sockets[0].getsockname()[1])
        finally:
            server.stop()
            await server.close_all_connections()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(serve())
