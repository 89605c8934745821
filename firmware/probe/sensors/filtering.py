"""Several measurements made into one reading, and a reading marked when it jumps. Nothing is invented and
nothing left out."""


def combine(samples, how):
    """One of the readings of one sensor, or of its numbers: the median or mean of the good ones; what is
    behind it, of the middle one.

    With fewer good ones than others the reading is the first of the others: most of what the sensor said was
    a fault.
    """
    good = [s for s in samples if s[1] is not None and s[2] is None]
    if 2 * len(good) < len(samples) or not good:
        return next(s for s in samples if s not in good)
    good.sort(key=lambda s: s[1])
    # An even count has two middles; the lower one is a value that was measured.
    middle = good[(len(good) - 1) // 2]
    if how == "mean":
        units = (2 * sum(s[1] for s in good) + len(good)) // (2 * len(good))
        return (middle[0], units) + middle[2:]
    return middle


async def sample(source):
    """Read a source as often as it wants to be and combine by sensor: [(key, units, quality, cold)]."""
    if source.samples == 1:
        return await source.read()
    by_key = {}
    for _ in range(source.samples):
        for reading in await source.read():
            by_key.setdefault(reading[0], []).append(reading)
    return [combine(by_key[key], source.combine) for key in sorted(by_key, key=str)]


def mark_jump(units, quality, before, max_step):
    """The quality of a reading: 'range' when it is further from the one before than the limit allows."""
    if quality is not None or units is None or before is None or not max_step:
        return quality
    return "range" if abs(units - before) > max_step else None
