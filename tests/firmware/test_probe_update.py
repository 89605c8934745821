"""update.py and its parts: a firmware comes whole or not at all, and sampling does not wait for it."""

import asyncio
import json
import os

from boot_slots import Slots
from probe import update_manifest
from probe.endpoints import Endpoints
from probe.http import Problem
from probe.request import Request
from probe.update_fetch import Failed
from probe_harness import run
from update_harness import FILES, PATH, Board, CutDisk, PowerCut, Store, Tree, manifest, read, wire


def _install(board, store):
    async def work():
        async with store:
            board.state.settings.update({"server_url": store.url})
            await board.update.install(PATH)

    run(work())


def _fails(board, store):
    try:
        _install(board, store)
    except (Failed, OSError, ValueError) as error:
        return str(error)
    raise AssertionError("was installed")


def test_an_update_is_downloaded_checked_and_started():
    """Every file is in the spare slot as the hub has it, a restart is asked for, and the next start runs it
    on trial."""
    with Tree() as folder:
        board = Board(folder)
        _install(board, Store())
        assert board.restarts == 1 and board.update.report()["state"] == "restarting"
        assert board.slot == "" and "starts firmware 10.0" in board.probe.said[-1]
        after = Board(folder)
        assert after.slot == "slot_a" and after.slots.on_trial and after.whole()


def test_the_same_version_is_not_installed_again():
    """Nothing is downloaded but the list."""
    with Tree() as folder:
        board = Board(folder)
        store = Store(told=manifest("9.9"))
        _install(board, store)
        assert (
            board.update.report() == {"state": "current", "version": "9.9"}
            and store.served == ["manifest"]
            and not board.restarts
        )


def test_power_cut_after_every_step_of_an_update():
    """Stopped after each change of the disk, the next start runs a whole firmware, old or new, and the update
    can be done anew."""
    for steps in range(1, 500):
        with Tree() as folder:
            board = Board(folder, disk=CutDisk(steps))
            try:
                _install(board, Store())
                ended = True
            except PowerCut:
                ended = False
            after = Board(folder)
            assert after.whole(), steps
            if ended:
                assert after.slot == "slot_a"
                break
            if after.slot == "":
                _install(after, Store())
                final = Board(folder)
                assert final.slot == "slot_a" and final.whole(), steps
    # 4 folders, 3 files with bytes in them and an empty one, the switch.
    assert 20 < steps < 100, steps


def test_what_came_whole_is_not_fetched_again():
    """A download that was cut off goes on with the file it was at."""
    with Tree() as folder:
        store = Store()
        store.cut = "probe/app.py"
        assert "cut off" in _fails(Board(folder), store)
        store = Store()
        _install(Board(folder), store)
        assert store.served == ["manifest", "probe/app.py"]


def test_a_file_that_is_not_what_the_list_says_is_refused():
    """Wrong bytes, a wrong length, a file that is missing: nothing is switched, and the bad file does not
    stay."""
    for damage, words in (
        (b"x" * 2048, "damaged"),
        (b"short", "damaged"),
        (b"x" * 4000, "too long"),
        (None, "404"),
    ):
        with Tree() as folder:
            store = Store()
            if damage is None:
                del store.files["probe/app.py"]
            else:
                store.files["probe/app.py"] = damage
            board = Board(folder)
            said = _fails(board, store)
            assert words in said, said
            assert not board.restarts and Board(folder).slot == "" and read(folder + "/slot.json") is None
            _install(board, Store())
            assert Board(folder).whole()


def test_old_files_of_the_slot_are_removed():
    """A file of an earlier download that the new firmware does not have cannot be imported by it."""
    with Tree() as folder:
        for name in ("slot_a", "slot_a/probe", "slot_a/old"):
            os.mkdir(folder + "/" + name)
        for name in ("probe/gone.py", "old/x.py", "stray"):
            with open(folder + "/slot_a/" + name, "w") as file:
                file.write("x")
        _install(Board(folder), Store())
        assert read(folder + "/slot_a/probe/gone.py") is None and read(folder + "/slot_a/old/x.py") is None
        assert sorted(os.listdir(folder + "/slot_a/probe")) == ["__init__.py", "app.py"]


def _read(told, size=7):
    """A list taken in pieces of that size, to its end."""
    rows = []
    read = update_manifest.Manifest(lambda *row: rows.append(row))
    text = wire(told)
    for at in range(0, len(text), size):
        read.take(text[at : at + size])
    read.end()
    assert len(rows) == read.count
    return read


def test_lists_that_cannot_be_trusted():
    """Names that lead elsewhere, wrong sizes, a damaged list, not a whole firmware: refused before a file is
    asked for."""

    def changed(key, value, row=None):
        told = json.loads(json.dumps(manifest()))
        (told if row is None else told["files"][row])[key] = value
        return told

    bad = [
        None,
        [],
        {},
        changed("version", ""),
        changed("version", "1 0"),
        changed("version", "11.0"),
        changed("files", []),
    ]
    bad += [
        changed("name", name, 0)
        for name in (
            "/etc/x",
            "probe/../x",
            "main.py",
            "boot_slots.py",
            "probe/.x",
            "probe/",
            "a/b.py",
            "probe/..",
        )
    ]
    bad += [changed("size", size, 0) for size in (-1, True, "1", 10**6, 1)]
    bad += [changed("sha256", "0" * 63, 0), changed("sha256", "0" * 64, 0), changed("sha256", None)]
    bad += [manifest(files={"probe/__init__.py": b""}), changed("files", manifest()["files"] * 60)]
    for told in bad:
        try:
            _read(told)
            raise AssertionError(told)
        except ValueError as error:
            assert "list of files" in str(error)
    read = _read(manifest())
    assert read.version == "10.0" and read.count == len(FILES)


def test_a_hub_that_fails_is_asked_three_times_and_then_told_of():
    """The problem is in /status with what to do; the probe goes on, and may be asked again."""
    with Tree() as folder:
        board = Board(folder)
        store = Store()
        del store.files["probe/app.py"]

        async def work():
            async with store:
                board.state.settings.update({"server_url": store.url})
                assert board.update.ask({"manifest_url": PATH})["ok"]
                try:
                    board.update.ask({"manifest_url": PATH})
                    raise AssertionError
                except Problem as problem:
                    assert problem.status == 409
                task = asyncio.create_task(board.update.run())
                while board.update.report()["state"] != "failed" or not board.state.last_error:
                    await asyncio.sleep(0.01)
                task.cancel()

        run(work())
        assert store.served.count("probe/app.py") == 3 and "Ask for it again" in board.state.last_error
        assert board.update.ask({"manifest_url": PATH})["ok"]


def test_sampling_goes_on_while_an_update_comes():
    """Another loop gets its turn between the pieces, never more than a few files apart."""
    with Tree() as folder:
        board = Board(folder)
        turns = []

        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        async def work():
            task = asyncio.create_task(other())
            async with Store() as store:
                board.state.settings.update({"server_url": store.url})
                await board.update.install(PATH)
            task.cancel()

        run(work())
        assert len(turns) > 20, len(turns)


def _ask(board, body, **headers):
    request = Request("POST", "/update", headers)
    request.body = json.dumps(body).encode()
    try:
        return 200, Endpoints(board.state, None).order(request)
    except Problem as problem:
        return problem.status, problem.body


def test_who_may_ask_for_an_update():
    """The token rules of /provision; only a path on the probe's own hub; a probe without a hub or without
    slots says so."""
    with Tree() as folder:
        board = Board(folder)
        assert _ask(board, {"manifest_url": PATH, "token": "t"})[1]["error"] == "no_update"
        board.state.update = board.update
        assert _ask(board, {"manifest_url": PATH})[0] == 401
        token = {"x-token": "t"}
        for path in (None, 5, "", "x", "http://evil/x", "//evil/x", "/a b", "/a\r\nX: y", "/" + "x" * 300):
            assert _ask(board, {"manifest_url": path}, **token)[1]["error"] == "bad_manifest_url", path
        assert _ask(board, {"manifest_url": PATH}, origin="http://evil", host="probe", **token)[0] == 403
        assert board.update.report() == {"state": "idle"} and board.state.status()["update"] == {
            "state": "idle"
        }
        status, answer = _ask(board, {"manifest_url": PATH}, **token)
        assert status == 200 and answer == {"ok": True, "state": "downloading", "version": "9.9"}
        board = Board(folder, url=None)
        board.state.update = board.update
        assert _ask(board, {"manifest_url": PATH, "token": "t"})[1]["error"] == "no_hub"


def test_no_update_during_a_trial():
    """First the new firmware has to prove itself."""
    with Tree() as folder:
        _install(Board(folder), Store())
        board = Board(folder)
        board.state.update = board.update
        assert _ask(board, {"manifest_url": PATH, "token": "t"})[1]["error"] == "busy"


def test_a_firmware_is_never_written_over_itself():
    """From the second slot the next update goes into the first one."""
    with Tree() as folder:
        _install(Board(folder), Store())
        slots = Slots(folder)
        assert slots.choose() == "slot_a"
        slots.confirm()
        newer = dict(FILES, **{"probe/__init__.py": b'VERSION = "11.0"\n'})
        _install(Board(folder), Store(newer, manifest("11.0", newer)))
        board = Board(folder)
        assert (
            board.slot == "slot_b"
            and board.whole(newer)
            and read(folder + "/slot_a/probe/__init__.py") == FILES["probe/__init__.py"]
        )


def test_an_update_waits_for_a_full_batch_that_is_on_its_way():
    """Both at once do not fit into a board: nothing is fetched before, and afterwards batches are full
    again."""

    async def work(board, store):
        async with store:
            board.state.settings.update({"server_url": store.url})
            outbox = board.state.outbox
            for seq in range(20):
                outbox.add(seq, seq, 4096, None)
            outbox.parcel(100, board.state.clock)
            assert outbox.large
            task = asyncio.create_task(board.update.install(PATH))
            await asyncio.sleep(0.3)
            assert not store.served and outbox.parcel(100, board.state.clock).count == 8
            await task
            assert store.served[0] == "manifest" and outbox.parcel(100, board.state.clock).count == 20

    with Tree() as folder:
        run(work(Board(folder), Store()))
