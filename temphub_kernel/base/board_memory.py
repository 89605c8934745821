"""What the probe's firmware needs of a board's memory, and what boards have. Any thread.

Both measured where words have 32 bits, as on a board, but on no board: see tests/firmware/test_memory_of_a_board.py and docs/probe.md.
"""

from .errors import Conflict

# Bytes of MicroPython's heap: while all is well, and the most, with an update beside everything else.
RUNNING = 88_000
UPDATING = 105_000
# What an update needs beside the running firmware. Up to 0.3 it held the list of files as text and as objects at once.
UPDATE = UPDATING - RUNNING
OLD_UPDATE = 33_000
# What MicroPython's heap has on a chip without further memory (PSRAM) before it takes from what Wi-Fi and sockets live on.
HEAP = {"esp32": 112_000, "esp32c3": 128_000}


def told(chip: str) -> str:
    """A sentence for a person with such a chip (as esptool calls it) before them."""
    needs = f"the probe needs {RUNNING // 1000} KB of memory, and {UPDATING // 1000} KB at most while it is updated"
    if chip not in HEAP:
        return f"Memory: {needs}; {chip} has more than an esp32, which has {HEAP['esp32'] // 1000} KB (reckoned, not measured on a board)."
    return f"Memory: {needs}; {chip} has {HEAP[chip] // 1000} KB for it (emulated, not measured on a board)."


def check_update(probe_id: str, heap_free: int | None, *, old: bool) -> None:
    """Raise TempHubError (`no_memory`, 409) when an update does not fit beside the running firmware. heap_free: as the probe told,
    None when it did not; old: its firmware is 0.3 or older."""
    needs = OLD_UPDATE if old else UPDATE
    if heap_free is not None and heap_free < needs:
        raise Conflict(
            f"The probe {probe_id} has {heap_free} bytes of memory left, and an update over the air needs {needs}, so it was not begun.",
            "Restart the probe and try again; if that does not help, connect the board over USB and run `temphub flash --keep`.",
            code="no_memory",
        )
