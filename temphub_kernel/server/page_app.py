"""Voilà, made ours: the page at `/`, its own API below `/v/`, our template, no way to the hub kernel; for the
front door only. Event loop thread only.
"""

import hmac
import logging
import secrets
import shutil
import signal
from collections.abc import Awaitable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from jupyter_core.utils import ensure_async
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, GZipContentEncoding, RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from ..api import PAGE_BODY, Limited
from ..core import DOOR_HEADER, files
from ..jupyter import frames, kernel_manager, kernel_process, websocket
from . import page_handler, static

# Below Voilà's own paths, as everything there is behind the door.
ALIVE = "/v/alive"
# In the folder of this start: where Voilà keeps its kernels' connection files.
CONNECTIONS = "voila"


class AliveHandler(RequestHandler):
    """`GET /v/alive`: the loop that serves the pages turns, and which run of theirs it is."""

    def initialize(self, viewers: kernel_manager.ViewerKernels) -> None:
        """Called by Tornado for each request."""
        self.viewers = viewers

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(self.viewers.run)


class GoodbyeHandler(RequestHandler):
    """`POST …/voila/api/shutdown/ID`, which Voilà's page sends as it is left.

    A browser sends it without any header of ours, so it cannot carry Jupyter's own mark against foreign
    pages. It needs none: the front door has looked at its origin and login, it names a visit that only its
    page knows, and it ends that visit only when the page's connection ends as well.
    """

    def initialize(self, viewers: kernel_manager.ViewerKernels) -> None:
        """Called by Tornado for each request."""
        self.viewers = viewers

    def check_xsrf_cookie(self) -> None:
        """See above."""

    def post(self, visit: str) -> None:
        self.viewers.goodbye(visit)
        self.set_status(204)


WORDS = (
    b"This is the hub's own page server, which answers to the hub only. The page is at the hub's port "
    b"(PORT, 8088 if it was not set).\n"
)


class Behind(HTTPServerConnectionDelegate):
    """An application behind the door."""

    def __init__(self, application: Application, secret: str) -> None:
        self.application = application
        self.secret = secret

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        return _Request(self, server_conn, request_conn)


class _Request(HTTPMessageDelegate):
    def __init__(self, behind: Behind, server_conn: object, connection: HTTPConnection) -> None:
        self._start = (behind, server_conn, connection)
        self._inner: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        behind, server_conn, connection = self._start
        shown = headers.get(DOOR_HEADER, "")
        if not hmac.compare_digest(shown.encode("utf-8", "replace"), behind.secret.encode()):
            fields = HTTPHeaders(
                {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(WORDS))}
            )
            with suppress(StreamClosedError):
                connection.write_headers(ResponseStartLine("HTTP/1.1", 403, "Forbidden"), fields, WORDS)
                connection.finish()
            return None
        # A second time: what comes by another way than the front door's own check (a connection that it no
        # longer reads) is bounded here.
        self._inner = Limited(
            behind.application.start_request(server_conn, connection), connection, PAGE_BODY
        )
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk) if self._inner else None

    def finish(self) -> None:
        if self._inner:
            self._inner.finish()

    def on_connection_close(self) -> None:
        if self._inner:
            self._inner.on_connection_close()


BASE_URL = "/v/"
TEMPLATE = Path(__file__).parent / "template"
# What the page's widgets need; every other extension of this Python would only be fetched and evaluated for
# nothing.
EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "bqplot",
    "bqscales",
]
# A page whose computer sleeps or left the Wi-Fi says nothing; what it held is gone 15 s later: 7 until that
# shows, and then `ViewerKernels.lost_s` for it to come back.
PING_MS, SILENT_MS = 2_000, 5_000
PACKED = {"compression_level": 1, "mem_level": 5}
VISIT_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Bodies and messages are bounded where they are refused in words; what is beyond these is no message at all.
BOUNDS = {
    "max_header_size": 32 * 1024,
    "max_body_size": 2**62,
    "idle_connection_timeout": 75.0,
    "body_timeout": 30.0,
}


class PageServer(Voila):  # type: ignore[misc]  # Voilà ships no types
    """Voilà on 127.0.0.1 and a free port. `start()` returns; the caller runs the loop and calls `close()`.
    folder: of this start."""

    name = "voila"
    # A user's own Voilà settings are for the user's own dashboards.
    config_file_paths: list[str] = []

    def __init__(self, folder: Path) -> None:
        super().__init__(
            config=self._own_config(),
            base_url=BASE_URL,
            notebook_path=str(files.notebooks() / "dashboard.ipynb"),
            open_browser=False,
            ip="127.0.0.1",
            # Voilà explains itself at length at every visit, and names visits in full, which are for their
            # pages only.
            log_level=logging.ERROR,
            connection_dir_root=str(folder / CONNECTIONS),
            kernel_websocket_connection_class=websocket.PageConnection,
            # Cards and lines are told each second in HTML that hardly changes: packed it is a fraction, for
            # next to no work.
            tornado_settings={
                "ws_ping_interval": PING_MS,
                "ws_ping_timeout": SILENT_MS,
                "websocket_compression_options": PACKED,
                # Unpacked, and of all fragments together.
                "websocket_max_message_size": frames.MOST_BYTES,
            },
        )
        self._http: HTTPServer | None = None
        self.secret = secrets.token_urlsafe(24)
        # In the hub's own style.
        self.log.handlers.clear()
        self.log.setLevel(logging.ERROR)
        self.log.propagate = True
        # Tornado takes Jupyter's milliseconds for seconds and warns of it at the first page; Jupyter's own
        # ping is what works.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)

    def _own_config(self) -> Config:
        config = Config()
        config.VoilaConfiguration.preheat_kernel = True
        # Nothing is preheated before the hub delivers: see `preheat`.
        config.VoilaConfiguration.default_pool_size = 0
        config.VoilaConfiguration.multi_kernel_manager_class = kernel_manager.ViewerKernels
        config.VoilaConfiguration.strip_sources = True
        config.VoilaConfiguration.show_tracebacks = False
        config.VoilaConfiguration.extension_allowlist = EXTENSIONS
        config.VoilaConfiguration.file_allowlist = []
        config.VoilaConfiguration.kernel_spec_manager_class = kernel_process.KernelSpecs
        config.VoilaConfiguration.allow_template_override = "NO"
        config.VoilaConfiguration.allow_theme_override = "NO"
        # A function, because Voilà copies its configuration, and with a method the whole server.
        config.VoilaConfiguration.page_config_hook = lambda page, **_: page | self._addresses()
        return config

    def initialize(self, argv: list[str] | None = None) -> None:
        """Signals are the caller's (see `run`): that to end, which Voilà takes, is taken and does nothing."""
        super().initialize(argv)
        signal.signal(signal.SIGTERM, lambda *_: None)

    def setup_template_dirs(self) -> None:
        """Our template first, Voilà's behind it."""
        super().setup_template_dirs()
        self.template_paths: list[str] = [str(TEMPLATE), *self.template_paths]

    def init_handlers(self) -> list[Any]:
        """What the page asks for, and nothing else of what Voilà and Jupyter could answer: files, themes,
        logins, more ways to a kernel."""
        page = next(
            entry for entry in super().init_handlers() if len(entry) > 2 and entry[1] is TornadoVoilaHandler
        )
        visit = BASE_URL + rf"api/kernels/(?P<kernel_id>{VISIT_ID})"
        return [
            (
                BASE_URL + r"scripts/([0-9a-f]+)/(static|lab|page)/(.+)",
                static.ScriptHandler,
                {"scripts": self.scripts},
            ),
            (ALIVE, AliveHandler, {"viewers": self.viewers}),
            (BASE_URL + rf"voila/api/shutdown/({VISIT_ID})", GoodbyeHandler, {"viewers": self.viewers}),
            (visit, page_handler.VisitHandler),
            (visit + "/channels", websocket.PageSocket),
            (r"/", page_handler.PageHandler, page[2]),
        ]

    def listen(self) -> None:
        """Take a free port of this computer's own; nobody else reaches it but through the front door."""
        # Voilà has made its application already: the setting that compresses what handlers write would come
        # too late.
        self.app.add_transform(GZipContentEncoding)
        sockets = bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        self._http = HTTPServer(Behind(self.app, self.secret), **BOUNDS)
        self._http.add_sockets(sockets)

    @cached_property
    def scripts(self) -> static.Scripts:
        """What the page's script tags point at."""
        return static.Scripts(
            {"static": self.static_paths, "lab": self.labextensions_path},
            static.PageScript(jupyter_path("nbextensions")),
        )

    def _addresses(self) -> dict[str, Any]:
        """What the page is told of where its scripts are, and the words it has before any widget is there."""
        return {
            "words": page_handler.PLACES,
            "run": self.viewers.run,
            "pageScript": self.scripts.page_url(BASE_URL),
            "fullStaticUrl": self.scripts.url(BASE_URL, "static"),
            "fullLabextensionsUrl": self.scripts.url(BASE_URL, "lab"),
        }

    @property
    def viewers(self) -> kernel_manager.ViewerKernels:
        """The kernels of the pages."""
        return self.kernel_manager  # type: ignore[no-any-return]

    def preheat(self, visits: int = 3) -> None:
        """Keep that many visits ready, a megabyte each, so that pages opened together need not wait for
        theirs."""
        manager = self.kernel_manager
        manager.kernel_pools_config = {"default": {"pool_size": visits, "kernel_env_variables": {}}}
        manager.fill_if_needed(delay=0, notebook_name=manager.notebook_path)
        self.scripts.pack_page()

    async def close(self) -> None:
        """Stop serving and end every viewer kernel."""
        # Voilà may be making a page ready in a kernel that ends now, and would tell of that as of a fault.
        logging.getLogger("traitlets").setLevel(logging.CRITICAL)
        if self._http is not None:
            self._http.stop()
        await self.viewers.close()
        await ensure_async(self.kernel_manager.shutdown_all(now=True))
        shutil.rmtree(self.connection_dir, ignore_errors=True)
