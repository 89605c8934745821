"""Many readings by time, each unpacked once: what whoever wants them all asks for. The connection's thread;
unpacking is done in others.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread

import numpy as np

from . import blocks
from .columns import Batch, by_time, chosen, joined

# Inflating and adding up let other threads go on.
THREADS = min(os.cpu_count() or 1, 4)
# So many times a piece may wait for readings that were taken before; beyond that it is for who asks to take
# shorter spans.
MOST_HELD = 8
# Fewer readings than this are rather copied than gone through by themselves.
WORTH_ROWS = 16_384


def swept(
    parts: Sequence[blocks.Part],
    span: tuple[int, int],
    probes: Sequence[int] | None,
    fields: Sequence[str],
    most: int,
) -> Iterator[tuple[Batch, int]]:
    """Readings taken in [from, to) of these probes, by (taken_ms, no), in pieces of about `most` at the
    largest; each with the time up to which nothing lacks once all with that time are there.

    Ends before `to` where too many would have to be held at once: as a rule parts follow each other in time,
    but one with a late reading begins long before the others in it.
    """
    held, count = list[Batch](), 0
    inside = partial(_inside, span=span, probes=probes, fields=fields)
    for oldest_ms, batch in _unpacked(sorted(parts, key=lambda part: part.oldest_ms), inside):
        if count >= most:
            ready, held = _split(held, oldest_ms)
            count = sum(len(one["taken_ms"]) for one in held)
            for piece in _in_order(ready, fields):
                yield piece, oldest_ms
            if count >= MOST_HELD * most:
                return
        held.append(batch)
        count += len(batch["taken_ms"])
    for piece in _in_order(held, fields):
        yield piece, span[1]


def _inside(
    decode: blocks.Decode, span: tuple[int, int], probes: Sequence[int] | None, fields: Sequence[str]
) -> Batch:
    """Of a part what is asked for, by (taken_ms, no)."""
    batch = blocks.inside(decode(), *span, probes)
    return by_time({name: batch[name] for name in fields})


def _unpacked(
    parts: Sequence[blocks.Part], inside: Callable[[blocks.Decode], Batch]
) -> Iterator[tuple[int, Batch]]:
    """(time before which none of what follows was taken, readings) of each part."""
    waiting: deque[tuple[int, Future[Batch]]] = deque()
    with _threads() as submit:
        for part in parts:
            waiting.append((part.oldest_ms, submit(partial(inside, part.fetch()))))
            if len(waiting) > THREADS:
                oldest_ms, batch = waiting.popleft()
                yield oldest_ms, batch.result()
        for oldest_ms, batch in waiting:
            yield oldest_ms, batch.result()


@contextmanager
def _threads() -> Iterator[Callable[[blocks.Decode], "Future[Batch]"]]:
    """What has something done in one of some threads, which end with it.

    A ThreadPoolExecutor that is used in a thread of polars leaves an entry for that thread in `threading`
    for ever: it asks which thread it is in.
    """
    given: SimpleQueue[tuple[Future[Batch], blocks.Decode] | None] = SimpleQueue()
    ended: list[Future[None]] = [Future() for _ in range(THREADS)]

    def work(last: "Future[None]") -> None:
        while (order := given.get()) is not None:
            future, decode = order
            try:
                future.set_result(decode())
            except BaseException as error:  # told where it is waited for
                future.set_exception(error)
        last.set_result(None)

    def submit(decode: blocks.Decode) -> "Future[Batch]":
        future: Future[Batch] = Future()
        given.put((future, decode))
        return future

    for last in ended:
        Thread(target=work, args=(last,), name="unpacking", daemon=True).start()
    try:
        yield submit
    finally:
        for _ in ended:
            given.put(None)
        wait(ended)


def _in_order(pieces: Sequence[Batch], fields: Sequence[str]) -> Iterator[Batch]:
    """Readings by (taken_ms, no), as those of each are. Where large ones follow each other but for a few at
    the seam, only these are copied."""
    if len(pieces) < 2 or min(len(one["no"]) for one in pieces) < WORTH_ROWS:
        yield by_time(joined(pieces, fields))
        return
    first, last = zip(*((int(one["taken_ms"][0]), int(one["taken_ms"][-1])) for one in pieces), strict=True)
    if any(max(last[: at + 1]) >= min(first[at + 2 :]) for at in range(len(pieces) - 2)):
        yield by_time(joined(pieces, fields))
        return
    rest = pieces[0]
    for one in pieces[1:]:
        if len(rest["no"]):
            low = int(np.searchsorted(rest["taken_ms"], one["taken_ms"][0]))
            high = int(np.searchsorted(one["taken_ms"], rest["taken_ms"][-1], side="right"))
            yield chosen(rest, slice(low))
            yield by_time(joined([chosen(rest, slice(low, None)), chosen(one, slice(high))], fields))
            one = chosen(one, slice(high, None))
        rest = one
    yield rest


def _split(held: Sequence[Batch], before_ms: int) -> tuple[list[Batch], list[Batch]]:
    """(readings taken before a time, the others)."""
    ready, rest = list[Batch](), list[Batch]()
    for batch in held:
        early = int(np.searchsorted(batch["taken_ms"], before_ms))
        ready.append(chosen(batch, slice(early)))
        rest.append(chosen(batch, slice(early, None)))
    return [one for one in ready if len(one["no"])], [one for one in rest if len(one["no"])]
