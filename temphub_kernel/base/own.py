"""How the hub's own programs (supervisor, pages, commands) name themselves to the hub, and whom a page asks for. Any thread.

What a page changes the hub is asked by the pages' kernel, from this computer. So that the log of changes names who sits before the
page, his address goes along: the front door tells it to the page server, that to the kernel, and the kernel to the hub, which
believes it with this computer's key only.
"""

from contextvars import ContextVar
from ipaddress import ip_address

AGENT = "TempHub-itself"
VISITOR_HEADER = "X-Temphub-Visitor"
SHOWN = ("login", "token", "anyone")
# Who sits before the page whose message is handled; empty where there is no page.
VISITOR: ContextVar[str] = ContextVar("temphub_visitor", default="")


def visitor(address: str, shown: str) -> str:
    """As it travels: `login 192.168.1.20`."""
    return f"{shown} {address}"


def visitor_of(text: str) -> tuple[str, str]:
    """(address, what it showed: a login, the token, or as anyone); two empty texts for what is no visitor."""
    shown, _, address = text.partition(" ")
    try:
        ip_address(address.partition("%")[0])
    except ValueError:
        return "", ""
    return (address, shown) if shown in SHOWN else ("", "")
