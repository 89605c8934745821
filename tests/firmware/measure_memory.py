"""Run by micropython: `micropython measure_memory.py STATE HUB_URL`: the board's own program at work, and
what it holds.

The working folder holds the files as they are flashed, so that their paths are as short as on a board. Only
the modules of the hardware are stand-ins: a Wi-Fi that is joined, one DS18B20.
Prints one JSON line: bytes of the heap in use (after a collection) beyond those of the bare interpreter.
"""

import asyncio
import gc
import json
import socket
import sys

import board_modules

HERE = board_modules.HERE


def _stand_in():
    board_modules.install()
    for name in ("Event", "StreamReader", "start_server", "open_connection", "wait_for", "gather", "Lock"):
        getattr(asyncio, name)


def _used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def _stay_inside(sock, ip):
    # Beside other programs that hold 5353, and never out of this machine.
    for level, option, value in (
        (socket.SOL_SOCKET, 2, 1),
        (socket.SOL_SOCKET, 15, 1),
        (0, 32, bytes([127, 0, 0, 1])),
    ):
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
    from ports import multicast
    from probe.settings import Settings

    told_by_mdns = []
    send = multicast.Link.send

    def sent(link, data, ip, number):
        told_by_mdns.append(number)
        send(link, data, ip, number)

    multicast.Link.send = sent
    port = module.Esp32Port(Settings(folder), Slots(folder))
    port.folder = folder
    app = module.App(port)
    task = asyncio.create_task(app.run())
    await _until(lambda: app.state.delivered >= 3 and told_by_mdns)
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
    print(
        json.dumps(
            {
                "running": held,
                "code": code,
                "data": held - code,
                "after_all": used_up,
                "status": told,
                "loaded": loaded,
            }
        )
    )
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
        json.dump(
            {"ssid": "home", "password": "secret99", "server_url": hub, "interval_ms": 500, "token": "mine"},
            file,
        )
    base = _used()
    # The code that is there all the time: this board's sensor is part of it.
    import boot_slots  # noqa: F401
    from ports import esp32 as module, multicast, wire_onewire  # noqa: F401
    from probe.rooms import give_up
    from probe.sensors import ds18b20  # noqa: F401

    __import__("probe.assembly")
    give_up("probe.assembly")

    bound_socket = multicast.bound_socket
    multicast.bound_socket = lambda ip, number, options=None: bound_socket(ip, number, _stay_inside)
    module.Esp32Port.port = 0
    asyncio.run(_measure(module, folder, base, _used() - base))


_main(sys.argv[1], sys.argv[2])
