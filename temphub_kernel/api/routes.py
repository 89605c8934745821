"""Which handler answers which path. What each takes and answers is said in `openapi.yaml`."""

from tornado.web import Application

from .access import Doorkeeper, Login, Logout
from .base import Room
from .handlers import (
    alarms,
    annotations,
    calibrations,
    channels,
    exports,
    health,
    home_screen,
    identity,
    imports,
    probes,
    readings,
    rules,
)
from .handlers.landing import Landing

ROUTES = [
    (r"/api/health", health.Health),
    (r"/api/probes", probes.Probes),
    (r"/api/hello", probes.Hello),
    (r"/api/provision", probes.Provision),
    (r"/api/describe", identity.Describe),
    (r"/api/identify", identity.Identify),
    (r"/api/seen", identity.Seen),
    (r"/api/trust", probes.TrustProbe),
    (r"/api/annotate", annotations.Annotate),
    (r"/api/annotations", annotations.Annotations),
    (r"/api/calibrate", calibrations.Calibrate),
    (r"/api/calibrations", calibrations.Calibrations),
    (r"/api/thermocouple", calibrations.StateThermocouple),
    (r"/api/thermocouples", calibrations.Thermocouples),
    (r"/api/strike-out", annotations.StrikeOut),
    (r"/api/struck-out", annotations.StruckOut),
    (r"/api/import", imports.TakeIn),
    (r"/api/imports", imports.Imports),
    (r"/api/remove", identity.Remove),
    (r"/api/expect", identity.Expect),
    (r"/api/merge", identity.Merge),
    (r"/api/alarms", alarms.AlarmList),
    (r"/api/alarms/acknowledge", alarms.Acknowledge),
    (r"/api/alarms/comment", alarms.Comment),
    (r"/api/alarms/act", alarms.Act),
    (r"/api/alarms/close", alarms.Close),
    (r"/api/alarms/mute", alarms.Mute),
    (r"/api/alarms/maintenance", alarms.Maintenance),
    (r"/api/alarms/unmute", alarms.Unmute),
    (r"/api/channels", channels.ChannelList),
    (r"/api/channels/test", channels.TestChannel),
    (r"/api/rules", rules.Rules),
    (r"/api/rules/sets", rules.RuleSets),
    (r"/api/rules/from-set", rules.FromSet),
    (r"/api/rules/preview", rules.PreviewRule),
    (r"/api/readings", readings.Readings),
    (r"/api/statistics", readings.Statistics),
    (r"/api/export", exports.Export),
    (r"/api/report", exports.Report),
    (r"/api/doctor", health.Doctor),
    (r"/api/firmware/manifest", probes.Manifest),
    (r"/api/firmware/file", probes.File),
    (r"/api/update", probes.Update),
    (r"/api/openapi\.json", health.Contract),
    (r"/metrics", health.MetricsText),
    (r"/api(/.*)?", health.Unknown),
]


def application(room: Room, *, landing: bool) -> Application:
    """Tornado's application; landing: with a page of our own for everything else."""
    routes = [(path, handler, {"room": room}) for path, handler in ROUTES]
    pages = [(r"/.*", Landing, {"room": room})] if landing else []
    keeper = {"keeper": Doorkeeper(room.entry, room.audit)}
    doors = [(r"/login", Login, keeper), (r"/logout", Logout, keeper)]
    return Application([*routes, *doors, *home_screen.ROUTES, *pages], log_function=lambda handler: None)
