"""Run by micropython: `micropython measure_memory.py STATE HUB_URL`: the board's own program at work, and what it holds.

The working folder holds the files as they are flashed, so that their paths are as short as on a board. Only the modules
of the hardware are stand-ins: a Wi-Fi that is joined, one DS18B20.
Prints one JSON line: bytes of the heap in use (after a collection) beyond those of the bare interpreter.
"""

import asyncio
import gc
import json
import socket
import sys

HERE = "127.0.0.1"
# 21.5 °C; the mark of probe/sensors/ds18b20.py in the alarm bytes; checksums as the sensor makes them.
_ROM = b"\x28\x01\x00\x00\x00\x00\x00\x29"
_PAD = b"\x58\x01\x54\x48\x7f\xff\x08\x10\x24"


class _Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class _Pin:
    IN, OUT, PULL_UP = 0, 1, 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        pass

    def value(self, to=None):
        return 1


class _SoftSPI:
    def __init__(self, **pins):
        pass

    def write(self, data):
        pass

    def read(self, size):
        return b"\xff" * size


class _Wdt:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


class _Wlan:
    IF_STA, IF_AP, SEC_OPEN, PM_NONE = 0, 1, 0, 0

    def __init__(self, interface):
        self._joined = interface == 0

    def active(self, on):
        pass

    def config(self, *asked, **values):
        return b"\x24\x0a\xc4\x00\x00\x96"

    def isconnected(self):
        return self._joined

    def ifconfig(self):
        return (HERE, "", "", "")

    def status(self, what=None):
        return -58


class _OneWire:
    def __init__(self, pin):
        self._last = 0

    def scan(self):
        return [bytearray(_ROM)]

    def reset(self, required=False):
        return True

    def select_rom(self, rom):
        pass

    def writebyte(self, byte):
        self._last = byte

    def readinto(self, buf):
        # Anything but the scratchpad is one question with one byte: a line that is not pulled down.
        buf[:] = _PAD if len(buf) == 9 else b"\xff" * len(buf)

    def readbit(self):
        return 1

    def readbyte(self):
        return 0xFF


def _stand_in():
    causes = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5}
    sys.modules["machine"] = _Module(Pin=_Pin, WDT=_Wdt, SoftSPI=_SoftSPI, reset_cause=lambda: 1, **causes)
    sys.modules["network"] = _Module(WLAN=_Wlan, hostname=lambda name: None, STAT_WRONG_PASSWORD=202, STAT_NO_AP_FOUND=201)
    sys.modules["onewire"] = _Module(OneWire=_OneWire)
    # On the board they are part of the image.
    for name in ("array", "binascii", "errno", "hashlib", "os", "random", "re", "select", "struct", "time"):
        __import__(name)
    for name in ("Event", "StreamReader", "start_server", "open_connection", "wait_for", "gather", "Lock"):
        getattr(asyncio, name)


def _used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def _stay_inside(sock, ip):
    # Beside other programs that hold 5353, and never out of this machine.
    for level, option, value in ((socket.SOL_SOCKET, 2, 1), (socket.SOL_SOCKET, 15, 1), (0, 32, bytes([127, 0, 0, 1]))):
        sock.setsockopt(level, option, value)


async def _get(port, path):
    reader, writer = await asyncio.open_connection(HERE, port)
    writer.write(("GET " + path + " HTTP/1.0\r\nHost: probe\r\n\r\n").encode())
    await writer.drain()
    answer = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return answer


async def _until(condition):
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("did not happen in time")


async def _held(base):
    """The most that is in use in two seconds."""
    held = []
    for _ in range(8):
        await asyncio.sleep(0.25)
        held.append(_used() - base)
    return max(held)


async def _measure(module, folder, base, code):
    from boot_slots import Slots
    from probe.settings import Settings

    port = module.Esp32Port(Settings(folder), Slots(folder))
    port.folder = folder
    app = module.App(port)
    task = asyncio.create_task(app.run())
    await _until(lambda: app.state.delivered >= 3 and app._responder._told)
    number = app.state.who()["port"]
    front, status = await _get(number, "/"), await _get(number, "/status")
    assert b"21.5" in front and b'"last_c": 21.5' in status, (front, status)
    delivered = app.state.delivered
    await _until(lambda: app.state.delivered >= delivered + 3)
    held = await _held(base)
    told = json.loads(status[status.find(b"\r\n\r\n") + 4 :])
    loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("probe", "ports", "boot_slots"))
    from probe.rooms import give_up
    from probe.rooms_check import first_broken

    assert first_broken() is None
    give_up("probe.rooms_check")
    used_up = await _held(base)
    print(json.dumps({"running": held, "code": code, "data": held - code, "after_all": used_up, "status": told, "loaded": loaded}))
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    app.stop()


def _main(folder, hub):
    sys.path.insert(0, "")
    _stand_in()
    with open(folder + "/settings.json", "w") as file:
        json.dump({"ssid": "home", "password": "secret99", "server_url": hub, "interval_ms": 500, "token": "mine"}, file)
    base = _used()
    # The code that is there all the time: this board's sensor is part of it.
    import boot_slots  # noqa: F401
    from ports import esp32 as module
    from ports import wire_onewire  # noqa: F401
    from probe.sensors import ds18b20  # noqa: F401

    module._options = _stay_inside
    module.Esp32Port.port = 0
    asyncio.run(_measure(module, folder, base, _used() - base))


_main(sys.argv[1], sys.argv[2])
