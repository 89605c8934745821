"""ports/esp32.py, wifi.py and watchdog.py with a stand-in for the board's modules, and the whole probe on top
of them"""

import asyncio
import gc
import json

from board_stand_in import Board, leave, load
from probe.app import App
from probe.settings import Settings
from probe_harness import HERE, Folder, net, reply, run, until


async def _ask(port, host, method, path, body=""):
    reader, writer = await net.connect(HERE, port)
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    await writer.drain()
    answer = await reply(reader)
    net.drop(writer)
    return answer


def _on_board(work, board, **settings):
    """Run `await work(app, port, module)` on a started board."""

    async def go(folder):
        if settings:
            Settings(folder).update(settings)
        module = load(board)
        try:
            await drive(folder, module)
        finally:
            leave()

    async def drive(folder, module):
        port = module.Esp32Port(Settings(folder))
        said = []
        port.say = said.append
        port.ready = lambda ip, number: None
        app = App(port)
        task = asyncio.create_task(app.run())
        try:
            await until(lambda: app.state.who()["port"])
            await work(app, port, said)
        finally:
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
            app.stop()

    with Folder() as folder:
        run(go(folder), 40)


def test_a_board_with_a_network_joins_it_and_tells_how_it_is():
    """Port 5353 is taken before the first connect; the address, the signal and the reset reason are in the
    status; the watchdog is fed."""
    board = Board(home="secret99")

    async def work(app, port, said):
        await until(lambda: app.state.who()["ip"] == HERE)
        await until(lambda: board.fed)
        # It has its address a moment before it says that it joined.
        await until(lambda: app.state.status()["wifi"] != "trying")
        status = app.state.status()
        assert (status["wifi"], status["ssid"], status["rssi"]) == ("joined", "home", -58)
        assert status["reset"] == "power_on" and status["id"] == "TempProbe-0096"
        for name in (
            "version",
            "model",
            "resets",
            "uptime_s",
            "outbox",
            "thinned",
            "dropped",
            "delivered",
            "lamp",
            "wifi_joins",
            "last_error",
        ):
            assert name in status, name
        # CPython cannot tell the heap.
        assert ("heap_free" in status and "heap_lowest" in status) or not hasattr(gc, "mem_free")
        assert (
            board.log.index("bind 5353") < board.log.index("connect home")
            and board.log.count("bind 5353") == 1
        )
        assert "hostname TempProbe-0096" in board.log and board.watchdog_ms == 60000
        assert "secret99" not in json.dumps(status)

    _on_board(work, board, ssid="home", password="secret99")


def test_a_new_board_is_set_up_with_a_phone():
    """Scan, then the access point with the probe's name; the form; the test; saved, joined, access point
    closed after the last page."""
    board = Board(home="secret99", guest="")

    async def work(app, port, said):
        await until(lambda: app.portal.opened)
        number = app.state.who()["port"]
        assert (
            board.log.index("scan") < board.log.index("ap on") and board.access_point.name == "TempProbe-0096"
        )
        status, page = await _ask(number, "127.0.0.2", "GET", "/")
        assert status == 200 and page.count('name="ssid"') == 3 and "home" in page and "K\\xfcche" in page
        assert (await _ask(number, "captive.apple.com", "GET", "/hotspot-detect.html"))[0] == 302
        await until(lambda: "bind 53" in board.log)
        status, page = await _ask(number, "127.0.0.2", "POST", "/join", "ssid=home&password=secret99")
        assert "Testing" in page
        await until(lambda: app.portal.done)
        assert f"http://{HERE}/" in (await _ask(number, "127.0.0.2", "GET", "/joining"))[1]
        assert app.state.settings.get("ssid") == "home" and app.state.settings.get("password") == "secret99"
        await until(lambda: app.state.who()["ip"] == HERE)
        assert (await _ask(number, HERE, "GET", "/whoami"))[0] == 200

    _on_board(work, board)


def test_the_boards_own_responder_is_made_to_give_the_port_back():
    """Port 5353 is busy after a soft reset: the network is left until it is free."""
    board = Board(home="secret99")
    board.mdns_taken = 2

    async def work(app, port, said):
        assert (
            port.link.bound
            and board.log.count("bind 5353") == 3
            and "connect home" not in board.log[: board.log.index("bind 5353")]
        )

    _on_board(work, board, ssid="home", password="secret99")


def test_without_the_port_the_probe_announces_from_another():
    """After twenty attempts any port will do; the probe runs all the same."""
    board = Board(home="secret99")
    board.mdns_taken = 99

    async def work(app, port, said):
        assert not port.link.bound and board.log.count("bind 5353") == 20
        await until(lambda: app.state.who()["ip"] == HERE)

    _on_board(work, board, ssid="home", password="secret99")


def test_the_button_the_lamp_and_the_watchdog_setting():
    """Held for five seconds the token goes and the lamp blinks; `"watchdog": false` starts no watchdog; a
    watchdog's bite is told."""
    board = Board(home="secret99")
    board.cause = 3

    async def work(app, port, said):
        assert app.state.status()["reset"] == "watchdog" and board.watchdog_ms is None
        await asyncio.sleep(0.2)
        board.button_down = True
        await until(lambda: not app.state.settings.token)
        await until(lambda: app.state.status()["lamp"] == "identify")
        before = len(board.lamp)
        await until(lambda: len(board.lamp) > before + 6)
        assert set(board.lamp[before:]) == {(2, 0), (2, 1)}

    _on_board(work, board, ssid="home", password="secret99", token="t", watchdog=False)


def test_the_lamp_is_a_setting():
    """Another pin, a lamp that is lit by a low level, none at all; a pin that the board lacks is told and
    costs only the lamp."""
    for values, pin, level, told in (
        ({"led_pin": 8, "led_on": 0}, 8, 0, 0),
        ({"led_pin": False}, None, 0, 0),
        ({"led_pin": 99}, None, 0, 1),
    ):
        with Folder() as folder:
            settings = Settings(folder)
            settings.update(values)
            board = Board(home="secret99")
            load(board)
            from ports import esp32_start as start

            said = []
            lamp = start.lamp(settings, "Generic ESP32 module with ESP32", said.append)
            assert start.lamp(Settings(""), "ESP32C3 module with ESP32C3", said.append) is None
            leave()
            if lamp:
                lamp[0].value(lamp[1])
                lamp[0].value(1 - lamp[1])
            assert board.lamp == ([(pin, level), (pin, 1 - level)] if pin else []) and len(said) == told


def test_the_radio_survives_what_the_driver_refuses():
    """Leaving an idle radio, the signal of no network, a restart in between: no error reaches the station."""
    board = Board(home="secret99", guest="")
    radio = load(board).Radio()
    leave()
    radio.leave()
    board.station.active(False)
    radio.leave()
    assert radio.rssi() is None and radio.address() is None
    radio.restart()
    assert radio.scan() == [("guest", -60, False), ("home", -60, True), ("K\\xfcche", -80, False)]
    for ssid, password, why in (
        ("home", "wrong", "password"),
        ("away", "x", "not_found"),
        ("guest", "", None),
    ):
        radio.leave()
        radio.connect(ssid, password)
        assert radio.failure() == why
    assert [radio.address() for _ in range(3)][-1] == HERE
    radio.leave()
    radio.connect("K\\xfcche", "")
    assert board.log[-1] == "connect K\xfcche"
