"""Puts the probe together out of its parts; in memory only while it does so. See app.py for what a port
is."""

from probe.care import Care
from probe.client import Client
from probe.clock import Clock
from probe.delivery import Delivery
from probe.endpoints import Endpoints
from probe.find_hub import FindHub
from probe.hello import Hello
from probe.http import Server
from probe.mdns_responder import Responder
from probe.outbox import Outbox
from probe.portal import Portal
from probe.sampler import Sampler
from probe.sensors.board import Board
from probe.signs import Signs
from probe.spill_disk import Disk, SpillDoor
from probe.state import State
from probe.station import Station
from probe.update import Update


def assemble(port, app):
    """{"state", "care", "portal", "station", "server", "clients", "responder", "hello", "delivery",
    "loops": [(name, endless coroutine function)]}; portal and station None without a radio."""
    state = _state(port)
    # Two clients: a call home must not wait behind a slow batch on the kept connection.
    clients = [Client(port.net, seal=state.seal) for _ in range(2)]
    finder = FindHub(state, Client(port.net, seal=state.seal), port.ask_link)
    delivery = Delivery(state, clients[0], port.batch_size, finder=finder)
    hello = Hello(state, clients[1], finder=finder)
    responder = Responder(port.link, state.who, say=port.say)
    loops = [
        ("sampling", Sampler(state, state.sensors).run),
        ("delivery", delivery.run),
        ("call home", hello.run),
        ("mDNS answers", responder.listen),
        ("mDNS announcements", responder.announce),
    ]
    portal, station = _wifi(port, state, loops) if port.radio else (None, None)
    identify = port.identify
    if port.lamp:
        signs = Signs(state, port.lamp, app.wifi)
        state.reports.append(signs.report)
        loops.append(("lamp", signs.run))
        identify = signs.identify
    care = Care(state, port, app.turns, app.attempts, app.restart, identify, app.relieve)
    if port.slots:
        state.update = Update(state, port.net, port.slots, app.start_updated, port.say)
        loops.append(("update", state.update.run))
    routes = Endpoints(state, identify, care.restart).routes()
    server = Server(routes, port.net, state.broke, most=port.visitors, doorman=portal and portal.handler)
    return {
        "state": state,
        "care": care,
        "portal": portal,
        "station": station,
        "server": server,
        "clients": clients,
        "responder": responder,
        "hello": hello,
        "delivery": delivery,
        "loops": loops,
    }


def _wifi(port, state, loops):
    portal = Portal(state, port.name_link, port.say)
    station = Station(port.radio, port.settings, portal, state.clock.now, port.say)
    state.reports.append(station.report)
    loops.extend([("Wi-Fi", station.run), ("portal's names", portal.answer_names)])
    return portal, station


def _state(port):
    identity = dict(port.identity)
    identity["ip"] = port.address()
    identity["port"] = port.port
    spill = SpillDoor(Disk(port.folder), identity["boot"], port.spill_files) if port.spill_files else None
    state = State(
        identity, port.settings, Outbox(port.outbox_size, spill), getattr(port, "clock", Clock)(), port.say
    )
    state.sensors = Board(port.sensors, state.roster)
    identity["sensors"] = state.probe_ids()
    return state
