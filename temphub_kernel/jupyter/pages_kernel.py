"""The kernel that all pages share: each visit has its own variables, its own widgets, and is told of its own
only.

Runs inside the kernel's process (`--IPKernelApp.kernel_class`), on its main thread. A message says in its
metadata to which visit it belongs; the page server writes that there, never the browser.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ipykernel.ipkernel import IPythonKernel

from ..core import limit_memory, network, release_memory, run_folder
from . import hub_kernel, later, sessions

# The page server's own question: what to do with a visit.
ASK, ANSWER = "temphub_request", "temphub_reply"
Handler = Callable[[Any, Any, Any], Any]
# So long after its first view a page has its widgets; what making them left free is given back then, and
# what ended visits left. Where page after page is opened no later than this, nor after more visits.
SETTLED_S, LATEST_S = 5.0, 30.0
MOST_OVER = 16


class Tidying:
    """Gives back what pages and visits left, once no page is being made. Kernel's own thread only.

    A visit ends as its browser opens the next page: every thread waits while garbage is looked for, of
    thousands of probes for 0.1 s and more, and whoever opens that page would, too.
    """

    def __init__(self, settled_s: float = SETTLED_S, latest_s: float = LATEST_S) -> None:
        self._settled_s, self._latest_s = settled_s, latest_s
        self._due: asyncio.TimerHandle | None = None
        self._over, self._until_s = 0, 0.0

    def soon(self, *, over: int = 0) -> None:
        """A page is being made, or so many visits are over."""
        loop = asyncio.get_running_loop()
        self._over += over
        if self._due is None:
            self._until_s = loop.time() + self._latest_s
        else:
            self._due.cancel()
        if self._over >= MOST_OVER:
            return self.now()
        self._due = loop.call_at(min(loop.time() + self._settled_s, self._until_s), self.now)

    def now(self) -> None:
        """Do it now."""
        if self._due is not None:
            self._due.cancel()
        self._due = None
        if self._over:
            gc.collect()
        self._over = 0
        release_memory()


class ViewerKernel(IPythonKernel):  # type: ignore[misc]  # as WatchedKernel
    """An IPython kernel that keeps visits apart."""

    def __init__(self, **kwargs: Any) -> None:
        later.put_off("pandas", later.PANDAS)
        super().__init__(**kwargs)
        self._modules: dict[str, ModuleType] = {}
        self._tidying = Tidying()
        self.shell_handlers[ASK] = self._asked
        # That of the page server, which holds no data, is too low for all pages' data; the supervisor looks
        # at this process too.
        limit_memory(0)
        for kind in ("comm_open", "comm_msg", "comm_close"):
            self.shell_handlers[kind] = _for_its_own(kind, self.shell_handlers[kind])
        sessions.share()
        hub_kernel.watch(self._is_known)
        # The libraries stay for good: looking through them again at the end of each visit would cost 0.1 s.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*hub_kernel.GARBAGE)

    def set_parent(self, ident: Any, parent: Any, channel: str = "shell") -> None:
        """Called for each message before it is handled, in the same context."""
        if channel == "shell":
            metadata = parent.get("metadata") or {}
            sessions.VISIT.set(str(metadata.get("visit") or ""))
            network.VISITOR.set(str(metadata.get("visitor") or ""))
        super().set_parent(ident, parent, channel)

    async def do_execute(self, *args: Any, **kwargs: Any) -> Any:
        """Run a cell among its visit's own variables. Cells run one after the other, whoever's they are."""
        with self._among(sessions.VISIT.get()):
            return await super().do_execute(*args, **kwargs)

    async def comm_info_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """A visit is told of its own comms."""
        visit, target = sessions.VISIT.get(), parent["content"].get("target_name")
        comms = {
            id_: {"target_name": comm.target_name}
            for id_, comm in self.comm_manager.comms.items()
            if id_.startswith(sessions.mark(visit)) and target in (None, comm.target_name)
        }
        self.session.send(stream, "comm_info_reply", {"comms": comms, "status": "ok"}, parent, ident)

    def _topic(self, topic: str) -> bytes:
        """Jupyter tells all who listen what state it is in, message by message: what one page asks for would
        be twice as much for each other page."""
        visit = sessions.VISIT.get()
        own: bytes = super()._topic(topic)
        return sessions.state_topic(visit) if visit and topic == "status" else own

    def _is_known(self, folder: run_folder.RunFolder) -> bool:
        """Whether the next page server would find this kernel: it outlives one that is killed."""
        known = folder.process(run_folder.PAGES_KERNEL)
        return known is not None and known.word == Path(self.parent.connection_file).name

    @contextmanager
    def _among(self, visit: str) -> Iterator[None]:
        if not visit:
            yield
            return
        shell, before = self.shell, (self.shell.user_module, self.shell.user_ns, self.shell.user_ns_hidden)
        new = visit not in self._modules
        module = self._modules.setdefault(visit, ModuleType("__main__"))
        # What IPython hides from `%who` it also holds: among it every result under a name of its own, `_4`.
        shell.user_module, shell.user_ns, shell.user_ns_hidden = module, module.__dict__, {}
        try:
            if new:
                shell.init_user_ns()
            yield
        finally:
            shell.user_module, shell.user_ns, shell.user_ns_hidden = before
            _forget(shell)

    async def _asked(self, stream: Any, ident: Any, parent: Any) -> None:
        content, answer = parent["content"], {"status": "ok"}
        try:
            if content["what"] == "first view":
                told = (content[name] for name in ("visit", "query", "zone", "language"))
                answer["html"] = sessions.first_view(*told)
                self._tidying.soon()
            if content["what"] == "end":
                self._modules.pop(content["visit"], None)
                sessions.end(content["visit"])
                self._tidying.soon(over=1)
            if content["what"] == "end all":
                over = {*self._modules, *sessions.known()}
                self._modules.clear()
                sessions.end(*over)
                self._tidying.soon(over=MOST_OVER)
        # The page server must have its answer, whatever a page's own code did.
        except Exception as error:
            answer = {"status": "error", "why": f"{type(error).__name__}: {error}"}
        self.session.send(stream, ANSWER, answer, parent, ident)


def _for_its_own(kind: str, handle: Handler) -> Handler:
    """What a page says to a comm reaches it only if it is one of its visit's. All else is dropped, before a
    library logs it at length."""

    def guarded(stream: Any, ident: Any, message: Any) -> Any:
        asked = message["content"].get("comm_id")
        return handle(stream, ident, message) if sessions.may(sessions.VISIT.get(), kind, asked) else None

    return guarded


def _forget(shell: Any) -> None:
    """IPython keeps the last results, and `Out` every one, whoever's they are: pages would live on in
    them."""
    for name in ("_", "__", "___"):
        setattr(shell.displayhook, name, "")
    shell.displayhook.exec_result = shell.last_execution_result = None
    history = shell.history_manager
    for kept in (history.output_hist, history.output_hist_reprs, history.outputs):
        kept.clear()
    del history.input_hist_parsed[1:], history.input_hist_raw[1:]
