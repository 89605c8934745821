"""What one probe knows about itself right now; every loop and every endpoint looks here. One event loop, no
locks."""

import asyncio

from probe.rooms import give_up, words
from probe.seal import Seal
from probe.sensors.roster import Roster


class State:
    """Identity, settings, outbox and counters. `say(line)` tells a person of a problem."""

    def __init__(self, identity, settings, outbox, clock, say):
        """`identity`: {"id", "name", "version", "model", "boot", "ip", "port"}; ip and port are filled in
        when known."""
        self.identity = identity
        self.settings = settings
        self.seal = Seal(settings)
        identity["key_id"] = self.seal.key_id
        self.outbox = outbox
        self.clock = clock
        self.fresh = asyncio.Event()
        self.delivered = 0
        self.dropped = 0
        # What was given up last, and why.
        self.dropped_why = None
        # The address whose hub has told the time, so that it understands batches; see delivery.py.
        self.hub_at = None
        self.unwelcome = False
        # The sign that the hub wants to be shown while all is well with the probe itself; see signs.py.
        self.alarm = None
        # Filled in by App on a port that can update itself; see update.py.
        self.update = None
        self.last_error = settings.problem
        # Functions that give more fields of /status, such as those of the Wi-Fi.
        self.reports = []
        # Filled in by App; see sensors/board.py.
        self.sensors = None
        self.roster = Roster(settings, self.fault)
        # True while one of the sensors gives no value, or a marked one.
        self.sensor_fault = False
        self.last = None
        self._seq = 0
        self._say = say
        self._watchers = []

    def who(self):
        """The identity as it is now; shared, not to be changed by the asker."""
        return self.identity

    def watch(self, repeats=False):
        """A new Event, set when the settings change, or with `repeats` also when the hub tells the same ones
        again.

        Each loop needs an Event of its own, as clearing is shared.
        """
        event = asyncio.Event()
        self._watchers.append((event, repeats))
        return event

    def record_round(self, readings):
        """Take [(sensor's number, units, quality, cold, chip)], the last two where there are such, into the
        outbox.

        One round has one `seq`, so each sensor counts without gaps.
        """
        now = self.clock.now()
        self.sensor_fault = any(one[2] for one in readings)
        for number, units, quality, *more in readings:
            chip = 0
            if len(more) == 2:
                from probe import chip as part

                chip = part.pack(*more)
            if number == 0:
                self.last = (units, quality, now)
            self.outbox.add(self._seq, now, units, quality, number, chip)
        self._seq += 1
        self.fresh.set()

    @property
    def rounds(self):
        """How many rounds of readings were taken; grows while the sampling is alive."""
        return self._seq

    def probe_id(self, number):
        """The name of one of the board's sensors in batches."""
        return self.roster.probe_id(self.identity["id"], number)

    def probe_ids(self):
        """The names of all sensors seen since the start, the board's own first."""
        return [self.probe_id(number) for number in (self.sensors.numbers() if self.sensors else [0])]

    def provision(self, checked):
        """Put checked settings in force, saved. OSError when they cannot be saved; then nothing has
        changed."""
        changed = self.settings.update(checked) or self.unwelcome
        if "key" in checked:
            self.seal.load()
            self.identity["key_id"] = self.seal.key_id
        self.unwelcome = False
        self.fresh.set()
        for event, repeats in self._watchers:
            if changed or repeats:
                event.set()

    def learn_time(self, text):
        """Take the hub's time out of its reply: it dates what was measured before a restart."""
        self.clock.learn(text)
        if self.clock.anchor:
            self.outbox.learn(self.clock.anchor)

    def fault(self, text):
        """Remember a problem for /status and tell it once; the same problem again is not told again."""
        if text != self.last_error:
            self.last_error = text
            self._say(text)

    def broke(self, name, error):
        """A part of the probe had an error that nobody foresaw, and starts again."""
        self.fault(words("broken", name, repr(error)))

    def healed(self):
        """The way to the hub works again."""
        self.unwelcome = False
        self.last_error = None

    def status(self):
        """The body of GET /status; see status.py."""
        from probe.status import status

        try:
            return status(self)
        finally:
            give_up("probe.status")
