"""probe/spill.py and probe/spill_disk.py"""

import os

from probe.spill import Spill
from probe.spill_disk import Disk
from probe_harness import Folder
from spill_harness import Cut, Flash, drain, entries


def _fill(spill, count, block=4, first=0):
    for seq in range(first, first + count, block):
        spill.append(entries(seq, min(block, first + count - seq)))


def _seqs(spill):
    return [entry[1] for _, entry in drain(spill)]


def test_what_was_written_is_there_after_a_restart():
    """In order, with its boot; the new boot's readings behind it; when all is delivered nothing is left."""
    flash = Flash()
    _fill(Spill(flash, "one", 8, 200), 20)
    spill = Spill(flash, "two", 8, 200)
    assert spill.count == 20
    _fill(spill, 8)
    assert drain(spill) == [("one", e) for e in entries(0, 20)] + [("two", e) for e in entries(0, 8)]
    assert flash.files == {} and spill.count == 0 and spill.oldest() is None
    _fill(spill, 4)
    assert _seqs(spill) == [0, 1, 2, 3]


def test_delivering_writes_nothing_and_repeats_one_file_at_most():
    """A cut in the middle of a backlog: what was delivered of the current file comes again, older files are
    gone."""
    flash = Flash()
    spill = Spill(flash, "one", 20, 200)
    _fill(spill, 40)
    writes = flash.writes
    for _ in range(5):
        spill.oldest()
        spill.forget()
    assert flash.writes == writes
    again = _seqs(Spill(flash, "two", 20, 200))
    assert again[-20:] == list(range(20, 40)) and len(again) <= 20 + 12


def _life(flash, told):
    """Two boots that fill the flash, thin it, deliver a part; `told` gets what is certain: ("in", seq) and
    ("out", seq)."""
    for boot, first in (("one", 0), ("two", 100)):
        spill = Spill(flash, boot, 4, 160)
        for seq in range(first, first + 36, 4):
            spill.append(entries(seq, 4))
            told.append(("in", seq))
        spill.learn(1000)
        for _ in range(2):
            block = spill.oldest()
            told.append(("out", block.entry(0)[1]))
            spill.forget()


def test_the_power_may_go_at_every_byte():
    """After a cut at any written byte or step: nothing corrupt is believed, and of each stretch written all
    or every n-th is there."""
    total = Flash(left=10**6)
    _life(total, [])
    steps = 10**6 - total.left
    assert steps > 1000
    for left in range(steps):
        flash, told = Flash(left=left), []
        try:
            _life(flash, told)
        except Cut:
            pass
        whole = Flash({name: bytes(data) for name, data in flash.files.items()})
        spill = Spill(flash.survivor(), "next", 4, 160)
        found = drain(spill)
        for boot, entry in found:
            seq = entry[1]
            assert boot == ("one" if seq < 100 else "two") and entry == entries(seq, 1)[0], left
        seqs = [entry[1] for _, entry in found]
        # The newest complete block is never thinned: it is there whole.
        last = [seq for kind, seq in told if kind == "in"][-1:]
        if last and not (told[-1][0] == "out" and last[0] <= max(s for k, s in told if k == "out")):
            assert set(range(last[0], last[0] + 4)) <= set(seqs), left
        assert not (whole.files and not seqs and last and told[-1][0] == "in"), left


def test_without_thinning_a_cut_loses_nothing_that_was_written():
    """Room enough: after a cut at any byte every block whose writing had ended is there, whole and in
    order."""
    for left in range(0, 900, 3):
        flash = Flash(left=left)
        done = 0
        try:
            spill = Spill(flash, "one", 20, 200)
            for seq in range(0, 40, 4):
                spill.append(entries(seq, 4))
                done = seq + 4
        except Cut:
            pass
        found = _seqs(Spill(flash.survivor(), "two", 20, 200))
        assert found[:done] == list(range(done)) and len(found) in (done, done + 4), left


def test_a_full_flash_is_thinned_and_never_stops():
    """The newest half whole, the older one every n-th, evenly; counted; never more files than allowed."""
    flash = Flash()
    spill = Spill(flash, "one", 16, 700)
    for seq in range(0, 2048, 64):
        spill.append(entries(seq, 64))
        assert len(flash.files) <= 16
    count = spill.count
    seqs = _seqs(spill)
    assert len(seqs) == count == 2048 - spill.thinned
    assert seqs == sorted(set(seqs)) and seqs[-512:] == list(range(1536, 2048))
    # Twice as much as there is room for: the far past becomes coarse, it is not cut off.
    assert seqs[0] < 16 and max(seqs[n + 1] - seqs[n] for n in range(len(seqs) - 1)) <= 16
    for seq in range(2048, 64000, 64):
        spill.append(entries(seq, 64))
    assert len(flash.files) <= 16 and 512 < spill.count <= 1024


def test_thinning_keeps_rounds_of_several_sensors_together():
    """Every second round goes, not every second reading, which would be one sensor's all."""
    flash = Flash()
    spill = Spill(flash, "one", 4, 700)
    for seq in range(0, 640, 32):
        both = entries(seq, 32) + entries(seq, 32, number=1)
        spill.append(sorted(both, key=lambda entry: entry[1]))
    found = drain(spill)
    one, two = ([e[1] for _, e in found if e[0] >> 4 == n] for n in (0, 1))
    assert one == two and len(one) > 60 and spill.thinned > 0


def test_leftovers_of_many_boots_are_packed_not_thinned():
    """A probe that restarts often writes many short files; they become few without losing a reading."""
    flash = Flash()
    for boot in range(20):
        _fill(Spill(flash, f"boot{boot}", 6, 700), 4)
        assert len(flash.files) <= 6
    spill = Spill(flash, "last", 6, 700)
    assert spill.count == 80
    assert [boot for boot, _ in drain(spill)] == [f"boot{n}" for n in range(20) for _ in range(4)]


def test_a_delivery_in_the_middle_of_a_thinning_repeats_at_most():
    """The oldest file is made anew while its first blocks are delivered already: those do not come back."""
    flash = Flash()
    spill = Spill(flash, "one", 4, 200)
    _fill(spill, 44)
    for _ in range(2):
        spill.oldest()
        spill.forget()
    _fill(spill, 40, first=44)
    assert _seqs(spill)[0] >= 8


def test_the_time_of_a_boot_reaches_what_is_written_already():
    """Learned after the readings: one block more, and the next boot knows when they were taken. Told again:
    nothing more."""
    flash = Flash()
    spill = Spill(flash, "one", 8, 200)
    spill.learn(5000)
    assert flash.writes == 0
    _fill(spill, 4)
    assert Spill(flash, "two", 8, 200).boots == [["one", 5000, 6000]]
    flash = Flash()
    spill = Spill(flash, "one", 8, 200)
    _fill(spill, 4)
    for _ in range(3):
        spill.learn(7000)
    assert flash.writes == 2
    assert (
        Spill(flash, "two", 8, 200).boots == [["one", 7000, 6000]] and Spill(flash, "two", 8, 200).count == 4
    )


def test_a_flash_that_cannot_be_read_counts_as_empty():
    """The probe starts and measures all the same."""
    flash = Flash()
    _fill(Spill(flash, "one", 8, 200), 8)
    flash.broken = True
    assert Spill(flash, "two", 8, 200).count == 0


def test_it_holds_what_was_promised():
    """20 days at one a minute, written every ten minutes, and 24 hours at 2 s, in the files of a board:
    nothing thinned."""
    for total, block, step_ms in ((28800, 10, 60000), (43200, 64, 2000)):
        spill = Spill(Flash(), "a1b2c3d4", 54)
        for first in range(0, total, block):
            spill.append(entries(first, block, step_ms))
        assert spill.count == total and spill.thinned == 0 and len(spill._files) <= 54


def test_real_files_do_the_same():
    """Appended, read, made anew, removed; half a new file is cleared away, foreign files are left alone."""
    with Folder() as folder:
        for name in ("outbox.new", "outbox.txt", "settings.json"):
            with open(folder + "/" + name, "w") as file:
                file.write("x")
        spill = Spill(Disk(folder), "one", 4, 200)
        _fill(spill, 80)
        assert len(os.listdir(folder)) == 2 + 4 and spill.thinned > 0
        again = Spill(Disk(folder), "two", 4, 200)
        assert again.count == spill.count and drain(again)[-1] == ("one", entries(79, 1)[0])
        assert sorted(os.listdir(folder)) == ["outbox.txt", "settings.json"]
    assert Spill(Disk("/no/such/folder"), "one", 4).count == 0
