"""A way to the hub on which an answer breaks off in the middle, as when a process is killed that was writing
it."""

import socket
import threading
from contextlib import suppress

from .waiting import PATIENCE_S

PIECE = 65536


class Cutting:
    """A port that passes all on to the hub's. `cut`: the next page comes up to these words, once, and no
    further; `let_go`: set when that is to be its end."""

    def __init__(self, port: int) -> None:
        self._hub = port
        self.cut, self.let_go = b"", threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._go(self._serve)

    def stop(self) -> None:
        """End all that goes through it."""
        self.let_go.set()
        for one in (self._server, *self._open):
            _end(one)
        for thread in list(self._threads):
            thread.join(PATIENCE_S)

    def _go(self, work, *arguments) -> None:  # type: ignore[no-untyped-def]
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self._lead(self._server.accept()[0])

    def _lead(self, front: socket.socket) -> None:
        try:
            back = socket.create_connection(("127.0.0.1", self._hub))
        # The hub is away just now.
        except OSError:
            front.close()
            return
        self._open |= {front, back}
        self._go(self._pass, front, back, False)
        self._go(self._pass, back, front, True)

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        seen = b""
        with suppress(OSError):
            while piece := source.recv(PIECE):
                if answers and self.cut:
                    seen += piece
                    if (end := seen.find(self.cut)) >= 0:
                        end, self.cut = end + len(self.cut) - len(seen) + len(piece), b""
                        sink.sendall(piece[: max(end, 0)])
                        self.let_go.wait(60)
                        break
                sink.sendall(piece)
        for one in (source, sink):
            _end(one)


def _end(one: socket.socket) -> None:
    # What waits on it in another thread wakes up by that only.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
