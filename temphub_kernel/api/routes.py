"""Which handler answers which path of the API, and the login's. Endpoint thread only."""

from tornado.web import Application

from .examination import Doctor
from .export import Export
from .handlers import Contract, Health, MetricsText, Probes, Provision, Room, Unknown
from .hello import Hello, TrustProbe
from .history import Readings
from .landing import Landing
from .login import Doorkeeper, Login, Logout
from .said import Annotate, Annotations, Calibrate, Calibrations, Describe, Expect, Identify, Merge, Remove, StrikeOut, StruckOut
from .statistics import Statistics
from .thermocouple import StateThermocouple, Thermocouples
from .updates import File, Manifest, Update

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
