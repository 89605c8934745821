"""A page server with every kind of reply, for the front door to forward to."""

import asyncio
import hashlib
import threading

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler

from .waiting import PATIENCE_S

BIG = 64 * 1024 * 1024


class Echo(RequestHandler):
    def get(self):
        self.finish(
            {
                "host": self.request.host,
                "uri": self.request.uri,
                "for": self.request.headers.get("X-Forwarded-For"),
                "method": "GET",
            }
        )

    def head(self):
        self.set_header("Content-Length", "12345")


class Large(RequestHandler):
    sent = 0

    async def get(self):
        type(self).sent = 0
        piece = bytes(range(256)) * 256
        for _ in range(BIG // len(piece)):
            self.write(piece)
            await self.flush()
            type(self).sent += len(piece)


@stream_request_body
class Goodbye(RequestHandler):
    def initialize(self):
        self.digest, self.size = hashlib.sha256(), 0

    def data_received(self, chunk):
        self.digest.update(chunk)
        self.size += len(chunk)

    def post(self):
        self.finish({"size": self.size, "sha": self.digest.hexdigest()})


class Slowly(RequestHandler):
    async def get(self):
        self.write("first")
        await self.flush()
        await self.application.settings["go_on"].wait()
        self.finish("second")


class Odd(RequestHandler):
    def get(self, kind):
        if kind == "redirect":
            self.redirect("/elsewhere")
        elif kind == "empty":
            self.set_status(204)
        elif kind == "unchanged":
            self.set_header("Etag", '"x"')
            self.set_status(304)
        elif kind in ("403", "404", "405", "500"):
            raise HTTPError(int(kind))
        elif kind == "nothing":
            self.request.connection.stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            self.request.connection.stream.close()
        elif kind == "broken":
            self.request.connection.stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            self.request.connection.stream.close()
        elif kind == "cookies":
            self.set_cookie("a", "1")
            self.set_cookie("b", "2")


class Socket(WebSocketHandler):
    def open(self):
        self.set_nodelay(True)

    async def on_message(self, message):
        if message in ("large", b"large"):
            message *= 1_000_000
        await self.write_message(message, binary=isinstance(message, bytes))


class PageServer:
    def __init__(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        self.ready.wait(PATIENCE_S)

    def run(self):
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self.serve())

    async def serve(self):
        self.loop, self.end, go_on = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        routes = [
            (r"/v/large", Large),
            (r"/v/voila/api/shutdown/.*", Goodbye),
            (r"/v/slowly", Slowly),
            (r"/v/odd/(.*)", Odd),
            (r"/v/socket", Socket),
            (r".*", Echo),
        ]
        self.go_on = go_on
        server = HTTPServer(
            Application(routes, go_on=go_on, websocket_max_message_size=BIG), max_body_size=BIG * 2
        )
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        self.ready.set()
        await self.end.wait()
        server.stop()
        await server.close_all_connections()

    def stop(self):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(PATIENCE_S)
