"""What the station does while the set-up portal is open: goes on trying its network, and tries what a person
wished for. See station.py."""

from probe.rooms import words

# The portal goes back to trying when nobody has used it for so long, and at the latest after so long.
PORTAL_MS = 180000
PORTAL_MOST_MS = 900000
VISIT_MS = 120000
# While nobody uses the portal the old network is tried beside it; each try makes the access point falter for
# a moment.
BESIDE_MS = 30000
TRIAL_MS = 20000
BELIEVE_MS = 8000  # 'wrong password' sooner than that may be a weak signal


def begin(station, now):
    """Open the access point."""
    radio = station.radio
    station.enter("portal", now)
    try:
        # Off and on, as some routers ignore a client that left without a goodbye; scanned first, as a phone
        # would lose the AP.
        radio.restart()
        networks = radio.scan()
    except OSError:
        networks = []
    try:
        station.portal.open(radio.open_ap(station.portal.name), networks)
    except (OSError, MemoryError) as error:
        station.close_portal()
        station.say(words("no_access_point", error))
        station.enter("trying", now)


def step(station, now):
    """One look while the portal is open and no wish is tried."""
    visited = station.portal.visited
    busy = visited is not None and now - visited < VISIT_MS
    if station.portal.wish:
        station.radio.leave()
        station.trial = now
        return
    if now - station.since >= (PORTAL_MOST_MS if busy else PORTAL_MS):
        station.close_portal()
        station.enter("trying", now)
    elif busy:
        if station.tried is not None:
            # Somebody fills in the form: the search must not disturb the access point now.
            station.tried = None
            station.radio.leave()
    elif station.settings.get("ssid") and (station.tried is None or now - station.tried >= BESIDE_MS):
        station.connect(now)


def follow_trial(station, now):
    """One look while a wish is tried."""
    radio = station.radio
    ssid, password, server_url = station.portal.wish
    past = now - station.trial
    if station.tried != station.trial:
        # One look later than the goodbye to the old network, so that its address is not taken for success.
        if radio.address() is None or past >= 5000:
            _begin_trial(station, ssid, password)
    elif radio.address():
        _accept(station, now, ssid, password, server_url)
    elif past >= TRIAL_MS or (past >= BELIEVE_MS and radio.failure()):
        _reject(station, now, words("wifi_" + (radio.failure() or "silent")))


def _begin_trial(station, ssid, password):
    station.tried = station.trial
    try:
        station.radio.connect(ssid, password)
    except OSError:
        # Waited for all the same: the time-out tells the person.
        pass


def _accept(station, now, ssid, password, server_url):
    values = {"ssid": ssid, "password": password}
    if server_url:
        values["server_url"] = server_url
    try:
        station.portal.save(values)
    except OSError:
        _reject(station, now, words("wifi_not_saved"))
        return
    station.trial = None
    station.portal.succeed(station.radio.address())
    station.joined(now)


def _reject(station, now, why):
    station.radio.leave()
    station.trial = None
    # Counted from here, the person has the whole time again.
    station.enter("portal", now)
    station.portal.fail(why)
