"""A silence is kept until somebody has seen it."""

import pytest

from support.waiting import wait_for
from temphub_kernel.alarms import Rule, states
from temphub_kernel.core.clock import now_ms
from temphub_kernel.core.reading import Row, to_units
from temphub_kernel.hub.silences import Silences
from temphub_kernel.journal import ProbeBook, Reader, Writer, add_rules

S = 1000


class Freezer:
    """A hub that looks, and a probe that delivers each 10 s when it does."""

    def __init__(self, path):
        self.path, self.at_ms = path, now_ms() - 3_600 * S
        self.writer = Writer(path, gather_s=0.0)
        self.writer.start()
        self.silences = self.begun()

    def begun(self):
        return Silences(self.path, ProbeBook(self.writer), every_s=0, clock=lambda: self.at_ms)

    def later(self, seconds, *, delivers=False):
        self.at_ms += seconds * S
        if delivers:
            self.writer.store([Row("A", None, None, self.at_ms, self.at_ms, to_units(-19.0), None)])
        self.silences.look()

    def keeps(self, *silence):
        """Whether that is what pages and programs read."""
        wanted = [states.Silence(*silence)] if silence else []

        def kept():
            with Reader(self.path) as reader:
                return list(states.remembered(reader.note(states.TOPIC)[1]).values()) == wanted

        return wait_for(kept, 5)


@pytest.fixture
def freezer(tmp_path):
    found = Freezer(tmp_path / "temphub.sqlite3")
    for _ in range(3):
        found.later(10, delivers=True)
    yield found
    found.writer.stop(5)


def test_a_silence_is_kept_until_somebody_has_seen_it(freezer):
    """It begins after two minutes, goes on through a restart of the hub, and a probe that comes back for a
    second does not end it; once seen it is over."""
    last_ms = freezer.at_ms
    freezer.later(115)
    assert freezer.keeps()
    freezer.later(10)
    assert freezer.keeps(last_ms)
    freezer.silences = freezer.begun()
    freezer.later(60)
    freezer.later(5, delivers=True)
    back_ms = freezer.at_ms
    assert freezer.keeps(last_ms, back_ms)
    freezer.later(10, delivers=True)
    freezer.later(200)
    assert freezer.keeps(last_ms), "a second one goes on from the first"
    freezer.later(1, delivers=True)
    assert freezer.silences.seen("A") and freezer.keeps()
    assert not freezer.silences.seen("A") and not freezer.silences.seen("B")


def test_a_silence_seen_while_it_lasts_is_over_when_the_probe_is_back(freezer):
    """Who has seen it knows of it: nobody is shown it again."""
    last_ms = freezer.at_ms
    freezer.later(130)
    assert freezer.silences.seen("A") and freezer.keeps(last_ms, 0, freezer.at_ms)
    freezer.later(1, delivers=True)
    assert freezer.keeps()


def test_where_a_rule_watches_its_alarm_is_kept_instead(freezer):
    """Nobody has to say of the same silence twice that he has seen it."""
    add_rules(freezer.writer, [Rule.from_json({"kind": "silent"}).to_json()], "Anna")
    freezer.later(500)
    assert freezer.keeps()


def test_a_hub_that_was_away_holds_it_against_nobody(tmp_path):
    """Of a probe that the hub has not heard twice nobody knows how often it delivers."""
    found = Freezer(tmp_path / "temphub.sqlite3")
    try:
        found.later(0, delivers=True)
        found.later(3_000)
        assert found.keeps()
    finally:
        found.writer.stop(5)
