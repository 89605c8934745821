"""The board: sensors, Wi-Fi, a lamp, a button. Settings on the flash, all of them optional: ssid, password,
id, name, sensors, pin, led_pin, led_on, button_pin, and `"watchdog": false` for whoever works on the board
over USB for longer than a minute.
"""

import asyncio
import os
import sys

from ports import multicast, net_micropython
from ports.wifi import Radio
from probe import VERSION
from probe.app import App
from probe.rooms import give_up
from probe.settings import Settings
from probe.spill_disk import SEGMENT, Disk

# Readings in RAM, 13 bytes each: what waits goes to the flash from 64 on, and without room there RAM is all
# there is.
IN_RAM = 192
IN_RAM_ALONE = 1000
_NAME_PORT = 53


def main(slots=None):
    """Run until the board is switched off, or somebody or an update asks `slots` for a new start."""
    app = App(Esp32Port(Settings(""), slots))
    try:
        asyncio.run(app.run())
    except asyncio.CancelledError:
        # How a restart begins; main.py resets the board.
        pass
    finally:
        app.stop()


class Esp32Port:
    """What probe/app.py asks of a port."""

    net = net_micropython
    folder = ""
    # A batch is held as objects, as text and as bytes at once, about 10 KB at this size.
    batch_size = 30
    # The board has about ten sockets in all.
    visitors = 4
    bind = "0.0.0.0"
    port = 80

    def __init__(self, settings, slots=None):
        from ports import esp32_start, watchdog

        self.slots = slots
        self.settings = settings
        # Such as "Generic ESP32 module with ESP32C3"; CPython, which only tests this, has no such name.
        chip = getattr(sys.implementation, "_machine", "")
        self.radio = Radio()
        mac = self.radio.mac()
        probe_id = settings.get("id") or f"TempProbe-{mac[4]:02X}{mac[5]:02X}"
        self.radio.introduce_as(probe_id)
        boot = "".join(f"{byte:02x}" for byte in os.urandom(4))
        self.identity = {
            "id": probe_id,
            "name": settings.get("name", ""),
            "version": VERSION,
            "model": "esp32",
            "boot": boot,
        }
        # One sensor needs 54 files for 20 days at one a minute; four may have as much each, where the flash
        # is large enough.
        self.spill_files = Disk(self.folder).room(SEGMENT, 216)
        self.outbox_size = IN_RAM if self.spill_files else IN_RAM_ALONE
        self.sensors = esp32_start.sensors(settings, chip, self.say)
        lamp = esp32_start.lamp(settings, chip, self.say)
        # Made here: a function of esp32_start would keep all of that in memory.
        self.lamp = lamp and (lambda lit: lamp[0].value(lamp[1] if lit else 1 - lamp[1]))
        button = watchdog.button(settings.get("button_pin"), chip)
        self.button = lambda: button.value() == 0
        # Before the first connect of this boot: with the first address the board's own responder takes the
        # port, if it is let go.
        self.link = esp32_start.link(self.radio)
        self._cause = watchdog.cause()
        give_up("ports.esp32_start", "ports.watchdog")

    def address(self):
        """The address to tell others, or None while not joined."""
        return self.radio.address()

    def name_link(self):
        """The socket of the portal's name server."""
        return multicast.Link(multicast.bound_socket("0.0.0.0", _NAME_PORT), net_micropython, self.address)

    def ask_link(self):
        """A socket to ask for the hub with."""
        return multicast.Link(multicast.bound_socket("0.0.0.0", 0), net_micropython, self.address, False)

    def cause(self):
        """Why the chip started."""
        return self._cause

    def watchdog(self):
        """Start it; the function that feeds it, or None when the settings do not want one."""
        if self.settings.get("watchdog") is False:
            return None
        from ports import watchdog

        give_up("ports.watchdog")
        return watchdog.start()

    def system_free(self):
        """Bytes that the chip's system has left for Wi-Fi and sockets; None where it does not tell."""
        try:
            from esp32 import HEAP_DATA, idf_heap_info
        except ImportError:
            return None
        # (size, free, largest free block, lowest ever free) of each region; one larger than the chip's own
        # memory is no place for sockets.
        return sum(region[1] for region in idf_heap_info(HEAP_DATA) if region[0] < 1 << 20)

    def identify(self):
        """A board without a lamp says it on the serial port."""
        self.say("identify: this is the one")

    def say(self, line):
        """One line on the serial port."""
        print(line)

    def ready(self, ip, port):
        """One line on the serial port."""
        print("probe " + self.identity["id"] + f" listening on {ip}:{port}")

    def tasks(self):
        """No loops of its own."""
        return []
