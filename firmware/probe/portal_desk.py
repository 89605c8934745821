"""What the open portal does: every page a phone asks for leads to the set-up page, and so does every name. It
only talks to people.

`portal`: see portal.py, which loads this while the portal is open.
"""

import asyncio

from probe import dns, portal_dns, settings
from probe.http import Problem, Redirect
from probe.rooms import give_up
from probe.ssid import raw_of

MOST_NETWORKS = 16


def handler(portal, request):
    """The function that answers this request instead of the usual routes; None for what is no concern of the
    portal's."""
    who = portal.state.who()
    host = request.headers.get("host", "").split(":")[0]
    if host == who["ip"] and host != portal.ip:
        # From the network that was just joined: the hub looks for the probe there.
        return None
    portal.visited = portal.state.clock.now()
    if host == portal.ip:
        if request.path in ("/status", "/whoami", "/identify"):
            return None
        if (request.method, request.path) in (("GET", "/"), ("GET", "/joining")):
            return lambda request: page(portal)
        if (request.method, request.path) == ("POST", "/join"):
            return lambda request: join(portal, request)
    raise Redirect("http://" + portal.ip + ("" if who["port"] == 80 else f":{who['port']}") + "/")


def page(portal):
    """How it stands: the form, the test, or the end."""
    from probe import page_portal

    try:
        return _page(portal, page_portal)
    finally:
        give_up("probe.page_portal", "probe.page")


def _page(portal, page_portal):
    if portal.wish:
        return page_portal.testing(portal.name, portal.wish[0])
    if portal.done:
        return page_portal.done(portal.name, portal.done[0], portal.done[1])
    now = portal.state.settings
    # A hub that owns the probe moves it by itself; nobody who only stands near may point it elsewhere.
    hub = None if now.owned else portal.hub or now.server_url
    return page_portal.form(portal.name, portal.networks, portal.problem, portal.chosen, hub)


def join(portal, request):
    """Take the form's wish, when it can be tried."""
    origin = request.headers.get("origin")
    if origin not in (None, "null", "http://" + request.headers.get("host", "")):
        raise Problem(403, "foreign_page", "A page of another site sent this.", "Use the probe's own page.")
    if portal.wish or portal.done:
        return page(portal)
    fields = request.form()
    portal.chosen = fields.get("other", "").strip() or fields.get("ssid", "")
    portal.hub = fields.get("hub", "").strip()
    try:
        portal.wish = wish(
            portal.chosen, fields.get("password", ""), "" if portal.state.settings.owned else portal.hub
        )
        portal.problem = ""
    except settings.Refused as refused:
        portal.problem = str(refused)
    return page(portal)


async def answer_name(link, ip):
    """Answer one question for a name, or wait a second for it."""
    try:
        # The time-out is for closing only; a portal is closed with nobody asking.
        packet, asker, port = await asyncio.wait_for(link.receive(), 1)
        reply = portal_dns.answer(packet, ip)
        if reply:
            link.send(reply, asker, port)
        await asyncio.sleep(0)
    except asyncio.TimeoutError:
        # Before OSError: on CPython a time-out is one.
        pass
    except (OSError, dns.BadPacket, ValueError):
        await asyncio.sleep(0.05)


def wish(ssid, password, hub):
    """(ssid, password, hub) when they can be tried, else settings.Refused. A hub address without http:// gets
    it."""
    if not 0 < len(raw_of(ssid)) <= 32 or "\0" in ssid:
        raise settings.Refused(
            "No network is chosen.", "Choose one of the list or type a name of at most 32 bytes."
        )
    if password and not 8 <= len(password.encode()) <= 64:
        raise settings.Refused(
            "A Wi-Fi password has 8 to 64 characters.",
            "Type it again, or leave it empty for an open network.",
        )
    if hub:
        hub = hub if "://" in hub else "http://" + hub
        hub = settings.check({"server_url": hub})["server_url"]
    return ssid, password, hub


def strongest(networks):
    """Each name once, the strongest first; a bounded number, as neighbours may have any number of
    networks."""
    best = {}
    for ssid, rssi, locked in networks:
        if ssid and (ssid not in best or rssi > best[ssid][1]):
            best[ssid] = (ssid, rssi, locked)
    return sorted(best.values(), key=lambda network: -network[1])[:MOST_NETWORKS]
