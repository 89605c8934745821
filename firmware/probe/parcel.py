"""What is sent in one request: readings of one sensor and one boot. And how old the readings of an earlier
boot are."""

from probe.reading import dumps, told

MAX_AGE_MS = 366 * 24 * 3600 * 1000


class Parcel:
    """`boot` None is this one; `readings` as the hub's API wants them, None once they are bytes; `block` is
    where they lie on the flash, or None; `valueless`: the first has no value."""

    def __init__(self, boot, number, readings, block, places=()):
        self.boot = boot
        self.number = number
        self.readings = readings
        self.count, self.last_seq = len(readings), readings[-1]["seq"]
        self.valueless = readings[0]["temperature_c"] is None
        self.block = block
        self._places = places

    @staticmethod
    def out_of(block, limit, clock, spill):
        """The first readings of a block that are not done yet, at most `limit` of one sensor."""
        done = block.done
        places = []
        for at in range(block.count):
            if not done[at]:
                number = block.entry(at)[0] >> 4
                if not places or number == block.entry(places[0])[0] >> 4:
                    places.append(at)
                    if len(places) == limit:
                        break
        readings = []
        for at in places:
            code, seq, taken_ms, units, chip = block.entry(at)
            age_ms, unknown = age(block, taken_ms, clock, spill)
            readings.append(told(code, seq, age_ms, units, chip))
            if unknown:
                readings[-1]["age_unknown"] = True
        return Parcel(block.boot, block.entry(places[0])[0] >> 4, readings, block, places)

    def raw(self, state, lone, bare):
        """What is sent, as bytes; the objects, which take three times as much, are gone then. lone: as the
        owner's form; bare: with nothing else in it."""
        body = {"probe_id": state.probe_id(self.number)}
        if lone:
            body["temperature_c"] = self.readings[0]["temperature_c"]
            if not bare:
                body.update(self.readings[0])
        else:
            body["readings"] = self.readings
        if not (lone and bare):
            boot = state.who()["boot"]
            body["boot"] = self.boot or boot
            if body["boot"] == boot:
                # When the ages were reckoned: by this count the hub dates them, however long the network
                # holds this batch back.
                body["sent_ms"] = state.clock.said
        self.readings = None
        return dumps(body).encode()

    def finish(self):
        """The readings are the hub's. True when nothing of their block is left."""
        for at in self._places:
            self.block.done[at] = 1
        return all(self.block.done)


def age(block, taken_ms, clock, spill):
    """(age_ms, True when it is only known to be at least that)"""
    now = clock.now()
    if block.boot == spill.boot:
        return now - taken_ms, False
    boots = spill.boots
    names = [item[0] for item in boots]
    place = names.index(block.boot) if block.boot in names else None
    anchor = block.anchor if place is None else boots[place][1]
    if anchor and clock.anchor:
        return min(MAX_AGE_MS, max(0, clock.anchor + now - anchor - taken_ms)), False
    # At least: what was left of that boot, all of the boots since, and this one so far.
    least = now
    if place is not None:
        least += max(0, boots[place][2] - taken_ms)
        least += sum(item[2] for item in boots[place + 1 :] if item[0] != spill.boot)
    return min(MAX_AGE_MS, least), True
