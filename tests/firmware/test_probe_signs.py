"""probe/signs.py"""

from probe.signs import PATTERNS, Signs
from probe_harness import Folder, Probe, units


class _Update:
    def __init__(self):
        self.state = "idle"

    def report(self):
        """For /status."""
        return {"state": self.state}


class _Harness:
    """A probe with a lamp: `line` holds one sign for each tenth of a second."""

    def __init__(self, folder):
        self.probe = Probe(folder, server_url="http://127.0.0.1:1")
        self.state = self.probe.state
        self.state.update = _Update()
        self.wifi = "joined"
        self.lit = False
        self.switched = 0
        self.signs = Signs(self.state, self._lamp, lambda: self.wifi)

    def _lamp(self, lit):
        self.lit = lit
        self.switched += 1

    def watch(self, tenths):
        """The lamp for so long."""
        line = ""
        for _ in range(tenths):
            self.signs.step()
            line += "#" if self.lit else "."
        return line


def test_each_state_has_a_sign_of_its_own():
    """From power-on to delivering, and what can go wrong; the most urgent one wins."""
    with Folder() as folder:
        harness = _Harness(folder)
        state, shown = harness.state, []

        def show():
            shown.append(harness.signs.sign())
            pattern = PATTERNS[shown[-1]]
            assert harness.watch(2 * len(pattern)) == 2 * pattern
            assert harness.signs.report() == {"lamp": shown[-1]}

        for harness.wifi in ("start", "trying", "portal", "joined"):
            show()
        harness.probe.record(21.5, None)
        state.delivered = 1
        show()
        harness.probe.record(None, "open")
        show()
        harness.probe.record(21.5, "range")
        show()
        harness.probe.record(21.5, None)
        state.fault("The hub cannot be reached.")
        show()
        state.healed()
        state.unwelcome = True
        show()
        state.unwelcome = False
        state.update.state = "downloading"
        show()
        expected = [
            "joining",
            "joining",
            "portal",
            "no_hub",
            "delivering",
            "sensor",
            "sensor",
            "no_hub",
            "no_hub",
            "update",
        ]
        assert shown == expected
        assert set(PATTERNS) == set(shown) | {"identify", "critical", "warning", "acknowledged"} and len(
            set(PATTERNS.values())
        ) == len(PATTERNS)


def test_identify_blinks_for_ten_seconds_whatever_else_there_is():
    """Then the sign before comes back from its beginning."""
    with Folder() as folder:
        harness = _Harness(folder)
        harness.wifi = "portal"
        harness.watch(3)
        harness.signs.identify()
        assert harness.watch(100) == "#." * 50
        assert harness.watch(10) == PATTERNS["portal"]


def test_a_sign_that_changes_begins_at_its_beginning():
    """So flashes can be counted; the lamp is switched only when it changes."""
    with Folder() as folder:
        harness = _Harness(folder)
        assert harness.watch(7) == "#.#...."
        harness.wifi = "trying"
        assert harness.watch(10) == PATTERNS["joining"]
        before = harness.switched
        harness.watch(10)
        assert harness.switched == before + 2


def test_one_bad_sensor_of_several_is_shown():
    """Also when it is not the board's first one."""
    with Folder() as folder:
        harness = _Harness(folder)
        harness.state.delivered = 1
        harness.state.record_round([(0, units(21.5), None), (1, None, "missing")])
        assert harness.signs.sign() == "sensor"
        harness.state.record_round([(0, units(21.5), None), (1, units(20.0), None)])
        assert harness.signs.sign() == "delivering"


def test_an_alarm_of_the_hub_is_shown_while_the_probe_is_well():
    """What the hub wants shown is, while nothing is wrong with the probe itself; what is no such sign changes
    nothing."""
    with Folder() as folder:
        harness = _Harness(folder)
        state = harness.state
        harness.probe.record(21.5, None)
        state.delivered = 1
        for state.alarm in ("critical", "warning", "acknowledged"):
            assert harness.signs.sign() == state.alarm
            assert harness.watch(len(PATTERNS[state.alarm])) == PATTERNS[state.alarm]
        state.fault("The hub does not answer.")
        assert harness.signs.sign() == "no_hub"
        state.healed()
        for state.alarm in (None, "identify", "", ["critical"], 7):
            assert harness.signs.sign() == "delivering"
