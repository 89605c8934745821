"""A web server on the loopback interface for tests of whoever calls one: real HTTP, a thread each, nothing
left behind."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Quiet(BaseHTTPRequestHandler):
    """Says nothing on the console."""

    def log_message(self, *_: object) -> None:
        pass


class WebEnd:
    """Answers by `handler`, on `port`. hold: what an answer is to wait for; set, none waits."""

    def __init__(self, handler: type[Quiet]) -> None:
        self.hold = threading.Event()
        self.hold.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up, or was killed, is no fault of ours
        self._server.daemon_threads = False
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def close(self) -> None:
        """End it; what is held is answered."""
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
