"""boot_slots.py: which firmware runs, and that a bad one never stays."""

import json

from boot_slots import MAX_TRIES, Slots
from probe_harness import run
from update_harness import Board, CutDisk, PowerCut, Tree, read

LATER_MS = 5 * 60 * 1000


def _switched(folder):
    """A slot on trial, as an update leaves it."""
    slots = Slots(folder)
    slots.choose()
    slot = slots.spare()
    slots.disk.mkdir(slots.path(slot))
    with open(slots.path(slot) + "/x", "w") as file:
        file.write("x")
    slots.try_next(slot, "10.0")
    return slot


def test_a_fresh_board_runs_what_was_flashed():
    """Without any update there is nothing to choose, and nothing is written."""
    with Tree() as folder:
        slots = Slots(folder)
        assert slots.choose() == "" and not slots.on_trial and slots.failed is None
        assert slots.disk.listdir(folder) == []


def test_a_firmware_that_delivers_is_kept():
    """One delivered reading ends the trial; the next start is no trial any more."""
    with Tree() as folder:
        slot = _switched(folder)
        board = Board(folder)
        assert board.slot == slot and board.slots.on_trial and board.update.report() == {"state": "trial"}
        board.state.delivered = 1
        board.update.judge()
        assert not board.slots.on_trial and board.update.report()["state"] == "kept" and not board.restarts
        board = Board(folder)
        assert board.slot == slot and not board.slots.on_trial


def test_a_firmware_that_does_not_deliver_goes_within_five_minutes():
    """Not a second earlier than five minutes; then the one before runs again and says why."""
    with Tree() as folder:
        _switched(folder)
        board = Board(folder)
        board.probe.ticks.forward(LATER_MS - 1000)
        board.update.judge()
        assert not board.restarts and board.slots.on_trial
        board.probe.ticks.forward(1000)
        board.update.judge()
        assert board.restarts == 1
        board = Board(folder)
        report = board.update.report()
        assert (
            board.slot == ""
            and report["state"] == "went_back"
            and report["version"] == "10.0"
            and "300 s" in report["problem"]
        )
        assert board.state.clock.now() == 0 and not board.slots.on_trial


def test_a_firmware_that_keeps_starting_anew_goes():
    """A watchdog that ends each start, or a power cut, is counted: after three starts the one before runs."""
    with Tree() as folder:
        slot = _switched(folder)
        assert [Slots(folder).choose() for _ in range(MAX_TRIES + 2)] == [slot] * MAX_TRIES + ["", ""]
        assert "3 times" in Slots(folder).failed["why"]


def test_a_firmware_that_crashes_goes_at_once():
    """Whatever ends it, loaded or not."""
    for loaded in (False, True):
        with Tree() as folder:
            _switched(folder)
            slots = Slots(folder)
            slots.choose()
            assert slots.crashed(ValueError("bad"), loaded)
            slots = Slots(folder)
            assert slots.choose() == "" and "bad" in slots.failed["why"]


def test_a_damaged_good_firmware_leaves_the_flashed_one():
    """A kept firmware that cannot be loaded any more is given up; an error while it runs is no reason to."""
    with Tree() as folder:
        slot = _switched(folder)
        slots = Slots(folder)
        slots.choose()
        slots.confirm()
        assert not slots.crashed(OSError(5), True)
        assert Slots(folder).choose() == slot
        assert slots.crashed(SyntaxError("x"), False)
        assert Slots(folder).choose() == ""


def test_a_flashed_firmware_is_never_given_up():
    """There is nothing to go back to."""
    with Tree() as folder:
        slots = Slots(folder)
        slots.choose()
        assert not slots.crashed(ImportError("x"), False)


def test_a_second_update_goes_into_the_other_slot():
    """Neither the firmware that runs nor the one to go back to is ever overwritten."""
    with Tree() as folder:
        first = _switched(folder)
        slots = Slots(folder)
        slots.choose()
        slots.confirm()
        second = _switched(folder)
        assert {first, second} == {"slot_a", "slot_b"}
        slots = Slots(folder)
        assert slots.choose() == second
        slots.go_back("no")
        assert Slots(folder).choose() == first
        assert Slots(folder).spare() == second


def test_a_slot_without_files_is_not_started():
    """Somebody erased it: the flashed firmware runs."""
    with Tree() as folder:
        slot = _switched(folder)
        slots = Slots(folder)
        slots.choose()
        slots.confirm()
        slots.disk.remove(slots.path(slot) + "/x")
        assert Slots(folder).choose() == ""


def test_nonsense_in_the_file_means_the_flashed_firmware():
    """Not JSON, not an object, unknown slots, wrong types."""
    for text in (
        "",
        "{",
        "[]",
        '{"good": "../etc"}',
        '{"trial": 5}',
        '{"trial": "slot_a", "tries": "x"}',
        '{"failed": 3}',
    ):
        with Tree() as folder:
            with open(folder + "/slot.json", "w") as file:
                file.write(text)
            slots = Slots(folder)
            assert slots.choose() == "" and slots.failed is None, text


def test_power_cut_at_every_write_leaves_before_or_after():
    """Each change of slot.json, stopped after each of its steps: the next start knows a whole state."""
    works = [
        lambda slots: slots.confirm(),
        lambda slots: slots.go_back("why"),
        lambda slots: slots.try_next("slot_b", "11"),
    ]
    for work in works:
        for steps in range(1, 20):
            with Tree() as folder:
                slot = _switched(folder)
                slots = Slots(folder, CutDisk())
                slots.choose()
                slots.disk.steps = slots.disk.done + steps
                try:
                    work(slots)
                    ended = True
                except PowerCut:
                    ended = False
                after = Slots(folder)
                assert after.choose() in (slot, "", "slot_b")
                assert json.loads(read(folder + "/slot.json").decode())["good"] in ("", slot)
                if ended:
                    break
        assert steps > 3, steps


def test_a_trial_is_counted_before_it_starts():
    """A start that ends at once by a power cut has been counted."""
    with Tree() as folder:
        _switched(folder)
        Slots(folder).choose()
        assert json.loads(read(folder + "/slot.json").decode())["tries"] == 1


def test_the_guard_ends_a_trial_that_hangs():
    """A timer outside the firmware's loops goes back and resets, unless the trial ended well in the
    meantime."""
    for kept in (False, True):
        with Tree() as folder:
            slot = _switched(folder)
            slots = Slots(folder)
            slots.choose()
            timer = _Timer()
            slots.guard(timer.start, timer.reset)
            if kept:
                slots.confirm()
            timer.late(None)
            assert timer.ms == 330000 and timer.resets == (0 if kept else 1)
            assert Slots(folder).choose() == (slot if kept else "")


def test_without_a_trial_there_is_no_guard():
    """A kept or flashed firmware is never ended by a timer."""
    with Tree() as folder:
        slots = Slots(folder)
        slots.choose()
        timer = _Timer()
        slots.guard(timer.start, timer.reset)
        assert timer.ms is None


class _Timer:
    def __init__(self):
        self.ms = None
        self.resets = 0

    def start(self, ms, late):
        self.ms = ms
        self.late = late

    def reset(self):
        self.resets += 1


def test_the_patience_is_a_setting():
    """`trial_s` in the settings shortens the five minutes; nothing makes them longer."""
    for text, patience_s in (
        ('{"trial_s": 4}', 4),
        ('{"trial_s": 4000}', 300),
        ('{"trial_s": "x"}', 300),
        ("", 300),
    ):
        with Tree() as folder:
            with open(folder + "/settings.json", "w") as file:
                file.write(text)
            assert Slots(folder).patience_s == patience_s


def test_a_firmware_with_a_part_that_does_not_load_is_given_up():
    """It may deliver and yet have no set-up page; the one before runs again, with the reason in /status."""
    with Tree() as folder:
        _switched(folder)
        board = Board(folder)
        board.state.delivered = 3
        board.update.broken = lambda: "probe.page cannot be loaded."
        board.update.judge()
        assert "probe.page" in Slots(folder).failed["why"] and Slots(folder).choose() == ""


def test_the_watch_runs_by_itself():
    """The update loop judges without being asked."""
    with Tree() as folder:
        _switched(folder)
        board = Board(folder)
        board.state.delivered = 3

        async def work():
            import asyncio

            task = asyncio.create_task(board.update.run())
            for _ in range(100):
                if not board.slots.on_trial:
                    break
                await asyncio.sleep(0.01)
            task.cancel()
            assert not board.slots.on_trial

        run(work())
