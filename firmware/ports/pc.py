"""The virtual probe: the firmware on a PC, under CPython or MicroPython, with a recorded series for a
sensor."""

import asyncio
import os
import socket
import sys

from ports import arguments, faults, multicast, replay
from probe import VERSION
from probe.app import App
from probe.clock import Clock
from probe.settings import Settings
from probe.spill_disk import SEGMENT

if sys.implementation.name == "micropython":
    from ports import net_micropython as net
else:
    from ports import net_cpython as net

    # What a board loads when it is needed: CPython keeps it anyway, and at the start nobody waits for the
    # disk.
    from probe import mdns, orders, page, refusals, request, settings_file, spill, status, words  # noqa: F401

_ADDRESS_HOLDS_MS = 30000
_IN_RAM = 1000


def main(slots=None):
    """Run until stopped, or until an update asks `slots` for a new start.

    Exit code 2 with problem and remedy for a command line or a port that cannot be used.
    """
    if "--help" in sys.argv or "-h" in sys.argv:
        print(arguments.USAGE)
        return
    try:
        options = arguments.parse(sys.argv[1:])
        _make_folder(options["state"])
    except arguments.Wrong as wrong:
        _give_up(str(wrong))
    port = PcPort(options, slots)
    app = App(port)
    try:
        asyncio.run(_stoppable(app.run(), port))
    except OSError as error:
        place = options["bind"] + ":" + str(options["port"])
        _give_up(f"The probe cannot serve on {place} (error {error.errno}). Choose another --port or --bind.")
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Ctrl-C or a polite kill is how this program ends.
        pass
    finally:
        app.stop()


class PcPort:
    """What probe/app.py asks of a port."""

    net = net
    batch_size = 100
    visitors = 8
    # A PC joins its network by itself, and whoever wants to stop a hanging program can.
    radio = None
    button = None
    lamp = None

    def __init__(self, options, slots=None):
        self.slots = slots
        self.fault = options["fault"]
        # Ends `main`; set when it runs.
        self.leave = None
        self.settings = Settings(options["state"], options["settings"])
        self.bind = options["bind"]
        self.port = options["port"]
        self.outbox_size = min(_IN_RAM, options["outbox"])
        self.folder = options["state"]
        # Ten bytes a reading; a spill of fewer files than four cannot be thinned.
        files = (options["outbox"] - self.outbox_size) * 10 // SEGMENT
        self.spill_files = files if files >= 4 else 0
        # A mark given for this run is no mark for the next one, in which `seq` begins anew.
        boot = (options["boot"] if not slots or slots.starts < 2 else None) or "".join(
            f"{byte:02x}" for byte in os.urandom(4)
        )
        self.identity = {
            "id": options["id"],
            "name": options["name"],
            "version": VERSION,
            "model": "virtual",
            "boot": boot,
        }
        self._clock = Clock()
        if self.fault == "wifi":
            self.net = faults.AwayNet(net, self._clock.now)
        if self.fault == "slow-flash":
            faults.slow_flash(slots)
        self._found = None
        self._found_ms = 0
        values = replay.load(replay.path_of(replay.SERIES))
        start_s = replay.start_of(options["id"], len(values) * replay.RECORDED_STEP_S) + options["offset_s"]
        sensor = faults.sensor(
            self.fault, replay.Replay(values, self._clock.now, options["profile"], start_s)
        )
        self.sensors = [replay.Single(sensor, "replay")]
        self.link = _link(self.bind, self.address)

    def address(self):
        """The address to tell others, or None without a network."""
        if self.fault == "wifi" and self.net.away():
            return None
        if self.bind != "0.0.0.0":
            return self.bind
        now = self._clock.now()
        if self._found is None or now - self._found_ms > _ADDRESS_HOLDS_MS:
            self._found = net.own_address()
            self._found_ms = now
        return self._found

    def ask_link(self):
        """A socket to ask for the hub with."""
        return multicast.Link(multicast.bound_socket(self.bind, 0, _options), net, self.address, False)

    def cause(self):
        """Why it runs: somebody started it."""
        return "watchdog" if self.fault == "reboot" and self.slots and self.slots.starts > 1 else "started"

    def clock(self):
        """A clock for the probe."""
        return faults.wrapping_clock(Clock, self._clock.now) if self.fault == "wrap" else Clock()

    def watchdog(self):
        """None."""

    def identify(self):
        """A PC has no lamp to blink."""
        self.say("identify: this is the one")

    def say(self, line):
        """One line for a person; a reader that is gone is no reason to stop measuring."""
        _print("probe " + self.identity["id"] + ": " + line)

    def ready(self, ip, port):
        """The one line that programs wait for."""
        _print("probe " + self.identity["id"] + f" listening on {ip}:{port}")

    def tasks(self):
        """No loops of its own, but those of its faults."""
        found = {"wifi": getattr(self.net, "cut", None), "reboot": self._reboot}.get(self.fault)
        return [("fault", found)] if found else []

    async def _reboot(self):
        await asyncio.sleep(faults.REBOOT_S)
        if self.slots:
            self.slots.again = True
            self.leave()
        await asyncio.sleep(60)


def _link(ip, address):
    try:
        return multicast.Link(multicast.bound_socket(ip, multicast.PORT, _options), net, address)
    except OSError:
        # 5353 belongs to a program that does not share it; announcing from any port is still heard by the
        # hub.
        return multicast.Link(multicast.bound_socket(ip, 0, _options), net, address, False)


def _options(sock, ip):
    """Share 5353 with the other programs of this PC, and stay on the interface of `ip`."""
    # MicroPython has no names for these; the numbers are Linux's.
    multicast.set_option(sock, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT") or net.__name__.endswith("micropython"):
        multicast.set_option(sock, socket.SOL_SOCKET, getattr(socket, "SO_REUSEPORT", 15), 1)
    multicast.set_option(sock, 0, getattr(socket, "IP_MULTICAST_TTL", 33), 255)
    if ip != "0.0.0.0":
        number = bytes([int(part) for part in ip.split(".")])
        multicast.set_option(sock, 0, getattr(socket, "IP_MULTICAST_IF", 32), number)
    if sys.platform == "linux":
        # IP_MULTICAST_ALL off: else Linux hands over what any other program has joined, from any network.
        multicast.set_option(sock, 0, 49, 0)


async def _stoppable(work, port):
    """Await `work`; `port.leave()` or a polite kill cancels it, where the system has such a thing."""
    if sys.implementation.name != "micropython":
        import signal

        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        for name in ("SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(task.cancel))
    port.leave = asyncio.current_task().cancel
    await work


def _make_folder(path):
    try:
        os.mkdir(path)
    except OSError:
        # There already, or not allowed; looking into it tells which.
        pass
    try:
        os.listdir(path)
    except OSError:
        raise arguments.Wrong(
            f"--state {path} is not a folder that can be used. Choose one whose parent exists."
        )


def _print(line):
    try:
        sys.stdout.write(line + "\n")
        if hasattr(sys.stdout, "flush"):
            sys.stdout.flush()
    except (OSError, ValueError):
        # Closed, or a code page without that letter: no reason to stop measuring.
        pass


def _give_up(text):
    sys.stderr.write(text + "\n")
    sys.exit(2)
