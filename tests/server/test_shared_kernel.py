"""The kernel that all pages share, as the page server uses it."""

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from types import SimpleNamespace

import psutil
import pytest

from support.waiting import PATIENCE_S, wait_for
from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.processes import Process
from temphub_kernel.core.run_folder import PAGES_KERNEL, WATCHERS, RunFolder
from temphub_kernel.jupyter import sessions
from temphub_kernel.jupyter.kernel_process import SharedKernel
from temphub_kernel.jupyter.pages_kernel import MOST_OVER, Tidying
from temphub_kernel.jupyter.websocket import PROTOCOL, PageConnection, Visit

ONE, OTHER = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
WIDGET = "import ipywidgets\nwidget = ipywidgets.HTML('mine')\nwidget.value = 'changed'\nwidget.model_id"


def run(scenario, tmp_path, **options):
    """Run `scenario(kernel, died)` with a kernel in its own process; nothing of it is left afterwards."""

    async def whole():
        died = asyncio.Event()
        kernel = SharedKernel(tmp_path, died.set, **options)
        try:
            return await asyncio.wait_for(scenario(kernel, died), 2 * PATIENCE_S)
        finally:
            await kernel.stop()

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(whole())


async def cells(kernel, visit, *sources):
    """Run cells for a visit as Voilà does; what each evaluates to, None for nothing."""
    client = Visit(kernel, await kernel.connection(), visit).client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE_S)
        return [await cell(client, source) for source in sources]
    finally:
        client.stop_channels()


async def cell(client, source):
    # As Voilà does: results are kept in the history, if anything keeps them.
    asked, result = client.execute(source, store_history=True), None
    while True:
        message = await client.get_iopub_msg(timeout=PATIENCE_S)
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "error":
            raise RuntimeError(message["content"]["evalue"])
        if message["msg_type"] == "execute_result":
            result = message["content"]["data"]["text/plain"]
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return result


async def comms(kernel, visit):
    """The ids of the comms that a visit is told of."""
    client = Visit(kernel, await kernel.connection(), visit).client()
    client.start_channels(iopub=False, hb=False)
    try:
        client.comm_info()
        return list((await client.get_shell_msg(timeout=PATIENCE_S))["content"]["comms"])
    finally:
        client.stop_channels()


def test_a_visit_is_not_told_when_the_kernel_is_busy_with_anothers(tmp_path):
    """What one page asks for costs no other page a message."""

    async def scenario(kernel, _):
        listens = Visit(kernel, await kernel.connection(), OTHER).client()
        listens.start_channels()
        try:
            await listens.wait_for_ready(timeout=PATIENCE_S)
            await cells(kernel, ONE, "a = 1", "a")
            asked, told = listens.comm_info(), []
            while not told or told[-1] != (asked, "idle"):
                message = await listens.get_iopub_msg(timeout=PATIENCE_S)
                said = message["parent_header"]
                if message["msg_type"] == "status" and said.get("msg_type") != "kernel_info_request":
                    told.append((said.get("msg_id"), message["content"]["execution_state"]))
            return asked, told
        finally:
            listens.stop_channels()

    asked, told = run(scenario, tmp_path)
    assert told == [(asked, "busy"), (asked, "idle")]


def test_visits_have_variables_of_their_own(tmp_path):
    """What one page's cells define, another's neither see nor change, though one process runs both."""

    async def scenario(kernel, _):
        await cells(kernel, ONE, "a = 1")
        await cells(kernel, OTHER, "a = 2")
        ours = await cells(kernel, ONE, "a", "import os; os.getpid()", "__name__")
        theirs = await cells(kernel, OTHER, "a", "import os; os.getpid()", "'b' in globals()")
        return ours, theirs, kernel.pid

    ours, theirs, pid = run(scenario, tmp_path)
    assert ours == ["1", str(pid), "'__main__'"] and theirs == ["2", str(pid), "False"]


def test_a_visit_of_a_kernel_that_ended_is_not_alive_with_the_next(tmp_path):
    """What waits for its cells is told that their kernel is gone, also when another has taken its place
    already: a page that was being made would wait for ever."""

    async def scenario(kernel, died):
        before = Visit(kernel, await kernel.connection(), ONE)
        alive = [await before.is_alive()]
        psutil.Process(kernel.pid).kill()
        await died.wait()
        after = Visit(kernel, await kernel.connection(), OTHER)
        return [*alive, await before.is_alive(), await after.is_alive()]

    assert run(scenario, tmp_path) == [True, False, True]


def test_a_cell_that_fails_fails_for_its_own_visit(tmp_path):
    """An error in one page's cell is told there; the other page goes on, also in the middle of its own
    cells."""

    async def scenario(kernel, _):
        results = await asyncio.gather(
            cells(kernel, ONE, "import asyncio", "await asyncio.sleep(0.2)", "mine = 'kept'", "mine"),
            cells(kernel, OTHER, "1 / 0"),
            return_exceptions=True,
        )
        return results

    good, bad = run(scenario, tmp_path)
    assert good[-1] == "'kept'" and isinstance(bad, RuntimeError) and "division by zero" in str(bad)


def test_a_page_is_sent_what_is_its_own_and_nothing_else(tmp_path):
    """A page's connection receives its own widgets' messages, and not one byte of another visit's."""

    async def scenario(kernel, _):
        manager = Visit(kernel, await kernel.connection(), ONE)
        stream, received = manager.connect_iopub(), []
        stream.on_recv(received.append)
        await asyncio.sleep(0)
        mine = (await cells(kernel, ONE, WIDGET))[0]
        await cells(kernel, OTHER, WIDGET)
        last = (await cells(kernel, ONE, "widget.value = 'last'; widget.model_id"))[0]
        while not any(b"last" in part for parts in received for part in parts):
            await asyncio.sleep(0.02)
        stream.close()
        return mine, last, [parts for parts in received if parts[0].startswith(b"comm")]

    mine, last, received = run(scenario, tmp_path)
    assert mine == last and mine.strip("'").startswith(sessions.mark(ONE))
    assert len(received) >= 2 and all(parts[0].startswith(sessions.topic(ONE)) for parts in received)


def test_nothing_of_a_visit_stays_after_its_end(tmp_path):
    """When a visit ends its variables and widgets are gone; the other visit keeps its own; ending it twice is
    once."""

    async def scenario(kernel, _):
        await cells(kernel, ONE, WIDGET, "big = bytearray(64_000_000)")
        await cells(kernel, OTHER, WIDGET)
        process = psutil.Process(kernel.pid)
        before, held = await comms(kernel, ONE), process.memory_info().rss
        for _ in range(2):
            await kernel.ask("end", ONE)
        after, freed = await comms(kernel, ONE), held - process.memory_info().rss
        left = await cells(kernel, ONE, "'widget' in globals() or 'big' in globals()")
        return before, after, await comms(kernel, OTHER), left, freed

    before, after, others, left, freed = run(scenario, tmp_path)
    assert len(before) >= 3 and not after and len(others) >= 3
    assert left == ["False"] and freed > 50_000_000


def test_no_result_of_a_visit_stays_after_its_end(tmp_path):
    """What a page's cell gave is let go of with the page: a day of visits costs no memory."""
    count = "import gc; _n = gc.collect(); sum(type(one).__name__ == 'Held' for one in gc.get_objects())"

    async def scenario(kernel, _):
        await cells(kernel, ONE, "class Held: pass", "Held()", "[Held()]")
        assert await cells(kernel, OTHER, count) != ["0"]
        await kernel.ask("end", ONE)
        assert await cells(kernel, OTHER, count) == ["0"]

    run(scenario, tmp_path)


def test_what_visits_left_in_circles_is_let_go_of(tmp_path):
    """Of visits that end one after the other no more than a few are kept until the kernel has time."""
    circle = "class Held: pass\none = Held()\none.itself = one"
    held = "import builtins, gc, weakref; gc.disable(); builtins.held = weakref.ref(one)"

    async def scenario(kernel, _):
        await cells(kernel, ONE, circle, held)
        for _ in range(MOST_OVER):
            await kernel.ask("end", ONE)
        return await cells(kernel, OTHER, "import builtins; builtins.held()")

    assert run(scenario, tmp_path) == [None]


@pytest.mark.parametrize(
    ("settled_s", "latest_s", "pages"),
    [(0.05, 600, 1), (600, 0.05, 3)],
    ids=["then quiet", "page after page"],
)
def test_whoever_opens_a_page_does_not_wait_for_what_the_last_one_left(settled_s, latest_s, pages):
    """Garbage of a visit is looked for once no page was made for a while, or pages were made for long; not
    as it ends, which is when its browser opens the next."""

    class Left:
        pass

    async def scenario():
        tidying, left = Tidying(settled_s, latest_s), Left()
        left.itself, known = left, weakref.ref(left)
        del left
        tidying.soon(over=1)
        for _ in range(pages):
            tidying.soon()
        there = known() is not None
        async with asyncio.timeout(PATIENCE_S):
            while known() is not None:
                await asyncio.sleep(0.01)
        return there

    gc.disable()
    try:
        assert asyncio.run(scenario())
    finally:
        gc.enable()


@pytest.mark.alone
def test_a_kernel_that_dies_is_told_and_replaced(tmp_path):
    """When the process is killed it is told within 2 s, and whoever asks next gets another."""

    async def scenario(kernel, died):
        await cells(kernel, ONE, "a = 1")
        first = kernel.pid
        psutil.Process(first).kill()
        await asyncio.wait_for(died.wait(), 2)
        with pytest.raises(TempHubError):
            await kernel.ask("end", ONE)
        assert await cells(kernel, OTHER, "'a' in globals()") == ["False"]
        return first, kernel.pid

    first, second = run(scenario, tmp_path)
    assert second and first != second
    wait_for(lambda: not psutil.pid_exists(second))


def test_a_kernel_that_hangs_is_replaced(tmp_path):
    """A cell that never ends stops the others' pages no longer than it takes to notice."""

    async def scenario(kernel, died):
        client = Visit(kernel, await kernel.connection(), ONE).client()
        client.start_channels(iopub=False, hb=False)
        first = kernel.pid
        client.execute("while True: pass")
        try:
            await died.wait()
        finally:
            client.stop_channels()
        assert await cells(kernel, OTHER, "2 + 2") == ["4"]
        return first, kernel.pid

    first, second = run(scenario, tmp_path, ask_every_s=0.2, answer_s=2.5)
    assert first != second and not psutil.pid_exists(first)


# A page server as far as its kernel goes: it says where its kernel is, and waits to be killed.
OWNER = """
import asyncio, sys
from pathlib import Path
from temphub_kernel.core.run_folder import RunFolder
from temphub_kernel.jupyter.kernel_process import SharedKernel
from temphub_kernel.jupyter.pages_kernel import MOST_OVER, Tidying
async def own(folder):
    kernel = SharedKernel(folder, folder=RunFolder(folder))
    await kernel.connection()
    print(kernel.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(own(Path(sys.argv[1])))
"""


@pytest.fixture
def orphan(tmp_path):
    """(the folder of a start, the pages' kernel in it whose page server was killed)."""
    folder = RunFolder(tmp_path)
    folder.write(WATCHERS, [Process(os.getpid(), "")])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        pid = int(owner.stdout.readline())
        owner.kill()
    yield folder, psutil.Process(pid)
    folder.forget(WATCHERS)
    if psutil.pid_exists(pid):
        psutil.Process(pid).kill()
    wait_for(lambda: gone(pid))


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_kernel_of_a_killed_page_server_is_taken_over(orphan, tmp_path):
    """The next page server goes on with it, which saves its start; the visits it had are over, and it ends as
    its own would."""
    folder, process = orphan

    async def scenario(kernel, died):
        assert await cells(kernel, ONE, "a = 1", WIDGET)
        assert kernel.pid == process.pid and await comms(kernel, ONE)
        after = SharedKernel(tmp_path, folder=folder)
        try:
            left = await cells(after, OTHER, "'a' in globals()")
            return left, await comms(after, ONE), after.pid
        finally:
            await after.stop()
            await died.wait()

    assert run(scenario, tmp_path, folder=folder) == (["False"], [], process.pid)
    assert gone(process.pid) and folder.read(PAGES_KERNEL) is None and not list(tmp_path.glob("pages-*"))


def test_a_kernel_that_does_not_answer_is_not_taken_over(orphan, tmp_path):
    """One that hangs when its page server was killed is ended, and another started."""
    folder, process = orphan
    process.suspend()

    async def scenario(kernel, _):
        await kernel.connection()
        return kernel.pid

    assert run(scenario, tmp_path, folder=folder, answer_s=0.5) not in (0, process.pid)
    assert gone(process.pid)


def test_a_kernel_that_nobody_knows_of_ends_by_itself(orphan):
    """Its record gone, or its supervisor and keeper killed, it is not left behind."""
    folder, process = orphan
    assert process.is_running()
    folder.forget(PAGES_KERNEL)
    wait_for(lambda: gone(process.pid), 30)


def test_nothing_is_sent_to_a_browser_that_is_gone():
    """A message that comes between a browser's going and the server's noticing is dropped, whatever protocol
    Jupyter takes it for: as one of the old protocol Voilà would read a number of parts up to 2**64 out of it,
    and the page server would hang."""
    sent = []
    for socket, protocol in ((None, PROTOCOL), (None, None), (object(), None)):
        handler = SimpleNamespace(ws_connection=socket, write_message=lambda *told: sent.append(told))
        connection = SimpleNamespace(websocket_handler=handler, subprotocol=protocol)
        PageConnection.handle_outgoing_message(connection, None, [b"x" * 64])
    assert not sent
