"""Several measurements made into one reading, and a reading marked when it jumps. Nothing is invented and nothing left out."""


def combine(samples, how):
    """One (key, celsius, quality, cold_c) out of several of one sensor: the median or mean of the good ones.

    With fewer good ones than others the reading is the first of the others: most of what the sensor said was a fault.
    """
    good = [s for s in samples if s[1] is not None and s[2] is None]
    if 2 * len(good) < len(samples) or not good:
        return next(s for s in samples if s not in good)
    values = sorted(s[1] for s in good)
    middle = len(values) // 2
    if how == "mean":
        celsius = sum(values) / len(values)
    else:
        # An even count has two middles; the lower one is a value that was measured.
        celsius = values[middle if len(values) % 2 else middle - 1]
    return good[0][0], celsius, None, good[-1][3]


async def sample(source):
    """Read a source as often as it wants to be and combine by sensor: [(key, celsius, quality, cold_c)]."""
    if source.samples == 1:
        return await source.read()
    by_key = {}
    for _ in range(source.samples):
        for reading in await source.read():
            by_key.setdefault(reading[0], []).append(reading)
    return [combine(by_key[key], source.combine) for key in sorted(by_key, key=str)]


def mark_jump(celsius, quality, before, max_step_c):
    """The quality of a reading: 'range' when it is further from the one before than the limit allows."""
    if quality is not None or celsius is None or before is None or not max_step_c:
        return quality
    return "range" if abs(celsius - before) > max_step_c else None
