"""Which handler answers which path, and the contract, `openapi.yaml`, read once."""

from tornado.web import Application

from .access import Doorkeeper, Login, Logout
from .base import Room
from .handlers.alarms import Acknowledge, Act, AlarmList, Close, Comment, Maintenance, Mute, Unmute
from .handlers.annotations import (
    Annotate,
    Annotations,
    Calibrate,
    Calibrations,
    Describe,
    Expect,
    Identify,
    Merge,
    Remove,
    StateThermocouple,
    StrikeOut,
    StruckOut,
    Thermocouples,
)
from .handlers.doctor import Doctor
from .handlers.exports import Export
from .handlers.health import Contract, Health, MetricsText, Unknown
from .handlers.landing import Landing
from .handlers.probes import File, Hello, Manifest, Probes, Provision, TrustProbe, Update
from .handlers.readings import Readings, Statistics
from .handlers.rules import FromSet, PreviewRule, Rules, RuleSets

ROUTES = [
    (r"/api/health", Health),
    (r"/api/probes", Probes),
    (r"/api/hello", Hello),
    (r"/api/provision", Provision),
    (r"/api/describe", Describe),
    (r"/api/identify", Identify),
    (r"/api/trust", TrustProbe),
    (r"/api/annotate", Annotate),
    (r"/api/annotations", Annotations),
    (r"/api/calibrate", Calibrate),
    (r"/api/calibrations", Calibrations),
    (r"/api/thermocouple", StateThermocouple),
    (r"/api/thermocouples", Thermocouples),
    (r"/api/strike-out", StrikeOut),
    (r"/api/struck-out", StruckOut),
    (r"/api/remove", Remove),
    (r"/api/expect", Expect),
    (r"/api/merge", Merge),
    (r"/api/alarms", AlarmList),
    (r"/api/alarms/acknowledge", Acknowledge),
    (r"/api/alarms/comment", Comment),
    (r"/api/alarms/act", Act),
    (r"/api/alarms/close", Close),
    (r"/api/alarms/mute", Mute),
    (r"/api/alarms/maintenance", Maintenance),
    (r"/api/alarms/unmute", Unmute),
    (r"/api/rules", Rules),
    (r"/api/rules/sets", RuleSets),
    (r"/api/rules/from-set", FromSet),
    (r"/api/rules/preview", PreviewRule),
    (r"/api/readings", Readings),
    (r"/api/statistics", Statistics),
    (r"/api/export", Export),
    (r"/api/doctor", Doctor),
    (r"/api/firmware/manifest", Manifest),
    (r"/api/firmware/file", File),
    (r"/api/update", Update),
    (r"/api/openapi\.json", Contract),
    (r"/metrics", MetricsText),
    (r"/api(/.*)?", Unknown),
]


def application(room: Room, *, landing: bool) -> Application:
    """Tornado's application; landing: with a page of our own for everything else."""
    routes = [(path, handler, {"room": room}) for path, handler in ROUTES]
    pages = [(r"/.*", Landing, {"room": room})] if landing else []
    keeper = {"keeper": Doorkeeper(room.entry, room.audit)}
    doors = [(r"/login", Login, keeper), (r"/logout", Logout, keeper)]
    return Application([*routes, *doors, *pages], log_function=lambda handler: None)
