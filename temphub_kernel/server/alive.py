"""The page server's sign of life, for the supervisor. Event loop thread only."""

from tornado.web import RequestHandler

# Below Voilà's own paths, as everything there is behind the door.
ALIVE = "/v/alive"
# In the folder of this start: where Voilà keeps its kernels' connection files.
CONNECTIONS = "voila"


class AliveHandler(RequestHandler):
    """`GET /v/alive`: the loop that serves the pages turns."""

    def get(self) -> None:
        self.set_status(204)
