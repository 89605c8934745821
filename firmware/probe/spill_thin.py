"""Packs blocks anew, closer together and, when thinning, with every second round of each boot."""

from probe import spill_block


def packed(blocks, thin, lost):
    """The bytes of new blocks out of `blocks`, one by one; `lost[0]` grows by the readings given up."""
    entries, of, last, drop = [], None, None, False
    for block in blocks:
        if of != (block.boot, block.anchor) or not block.count:
            while entries:
                yield _one(of, entries)
            of = (block.boot, block.anchor)
            if not block.count:
                # It only tells when its boot began.
                yield _one(of, entries)
        for at in range(block.count):
            entry = block.entry(at)
            if last != (block.boot, entry[1]):
                # The first of two goes, so that the newest of a stretch stays.
                last, drop = (block.boot, entry[1]), not drop
            if drop and thin:
                lost[0] += 1
            else:
                entries.append(entry)
        while len(entries) >= spill_block.MOST:
            yield _one(of, entries)
    while entries:
        yield _one(of, entries)


def _one(of, entries):
    data, count = spill_block.encode(of[0], of[1], entries)
    del entries[:count]
    return data
