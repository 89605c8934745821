"""Who may do what, in this order: `security` (host, origin), `rate_limit` (connections, shares), `tarpit`
(refusals that come later), `proxies` (who asks), `lockout` (too many wrong guesses), `auth` (password, token,
this computer's key) with `login`, and `audit`, which notes what was changed."""

from typing import TYPE_CHECKING

from ...core import door

NAMES = {
    "audit": "Audit",
    "auth": "Entry WrongToken authorised_json bearer check_token judged no_entry shown_in",
    "lockout": "MOST_TRACKED Guesses place_of",
    "login": "Doorkeeper Login Logout",
    "proxies": "Proxies",
    "rate_limit": "FairShare Gate GatedServer too_much",
    "security": "PROBES_OWN Away Guard Refused",
    "tarpit": "Tarpit",
}

if TYPE_CHECKING:
    from .audit import *
    from .auth import *
    from .lockout import *
    from .login import *
    from .proxies import *
    from .rate_limit import *
    from .security import *
    from .tarpit import *
else:
    __getattr__ = door(__name__, NAMES)
