"""Who may deliver under which name, and what lasts on disk."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from temphub_kernel.core.errors import TempHubError
from temphub_kernel.core.reading import board_of
from temphub_kernel.trust import Exchange, Repeated, Standing, Trust, signatures

KEY = b"k" * 32
BODY = b'{"probe_id": "P1", "temperature_c": 21.5}'
PATH = "/api/ingest"
NO_KEY = b'{"boards": {"P1": {"state": "claimed", "key": "zz"}}}'
TOO_HIGH = b'{"boards": {"P1": {"state": "released", "beyond": 1e400}}}'


def refused(call) -> TempHubError:
    """The error of a call that must fail."""
    with pytest.raises(TempHubError) as caught:
        call()
    assert caught.value.problem.endswith(".") and caught.value.remedy
    return caught.value


@pytest.fixture
def trust(tmp_path) -> Trust:
    """A register in which P1 holds KEY."""
    one = Trust(tmp_path)
    one.offer("P1", KEY)
    one.confirm("P1")
    return one


def sign(trust, counter: int, body: bytes = BODY, key: bytes = KEY, path: str = PATH, probe_id: str = "P1"):
    return trust.admit(probe_id, path, body, str(counter), signatures.report(key, PATH, counter, body))


def first(trust) -> int:
    """A counter that is high enough, as the probe learns it."""
    with pytest.raises(Repeated) as caught:
        sign(trust, 1)
    assert caught.value.as_json()["counter"] == caught.value.highest and caught.value.status == 409
    return caught.value.highest + 1


def test_the_holder_of_the_key_may_deliver_once(trust):
    """A higher counter each time; the same delivery again, or an earlier one, is refused and the reply says
    where to go on."""
    at = first(trust)
    proven = sign(trust, at)
    assert proven is not None and proven.key == KEY and proven.counter == at
    for again in (at, at - 1, 0):
        with pytest.raises(Repeated):
            sign(trust, again)
    assert sign(trust, at + 5) and sign(trust, at + 6, probe_id="P1:28ff")


def test_nothing_heard_before_a_restart_can_be_delivered_after_it(trust, tmp_path):
    """Counters start above every one that was used before, without a word on disk."""
    at = first(trust)
    sign(trust, at)
    again = Trust(tmp_path)
    with pytest.raises(Repeated):
        sign(again, at)
    assert sign(again, first(again))


@pytest.fixture
def clock(monkeypatch) -> list[int]:
    """What the computer's clock says, to be set at will; [0], ms since 1970."""
    says = [1_795_000_000_000]
    monkeypatch.setattr("temphub_kernel.trust.registry.now_ms", lambda: says[0])
    return says


@pytest.mark.parametrize("years", [1, 50])
def test_a_clock_put_back_opens_no_way_for_what_was_heard(tmp_path, clock, years):
    """Hub started with a clock a year back, or at 1976: all counters of before stay used, whoever used how
    many, killed or not."""
    trust = Trust(tmp_path)
    for board in ("P1", "P2"):
        trust.offer(board, KEY)
        trust.confirm(board)
    at = {board: first(trust) + jump for board, jump in (("P1", 0), ("P2", 10**12))}
    for board, counter in at.items():
        assert sign(trust, counter, probe_id=board)
    for _ in range(3):
        clock[0] -= years * 365 * 86_400_000 // 3
        again = Trust(tmp_path)
        for board, counter in at.items():
            for heard in (counter, counter - 1):
                with pytest.raises(Repeated) as caught:
                    sign(again, heard, probe_id=board)
            assert caught.value.highest < 2**53 - 10**12
            at[board] = caught.value.highest + 1
            assert sign(again, at[board], probe_id=board)


def test_a_board_that_leaps_takes_no_counters_from_others(tmp_path, clock):
    """Whoever holds one key cannot use up what is left for the holders of others."""
    trust = Trust(tmp_path)
    for board in ("P1", "P2"):
        trust.offer(board, KEY)
    assert sign(trust, 2**53 - 1) and sign(trust, clock[0] + 1, probe_id="P2")
    again = Trust(tmp_path)
    with pytest.raises(Repeated):
        sign(again, 2**53 - 1)
    with pytest.raises(Repeated) as caught:
        sign(again, clock[0] + 1, probe_id="P2")
    assert caught.value.highest < clock[0] + 2**31


def test_one_write_is_enough_for_a_start(trust, tmp_path):
    """What makes counters last costs no write per delivery."""
    at = first(trust)
    sign(trust, at)
    before = (
        (tmp_path / "temphub.keys.json").stat().st_mtime_ns,
        (tmp_path / "temphub.keys.json").read_bytes(),
    )
    for counter in range(at + 1, at + 500):
        sign(trust, counter)
    assert before == (
        (tmp_path / "temphub.keys.json").stat().st_mtime_ns,
        (tmp_path / "temphub.keys.json").read_bytes(),
    )


def test_nobody_else_delivers_under_the_name(trust):
    """Unsigned, with another key, for another path or body, without a counter: refused in words, and nothing
    is used up."""
    at = first(trust)
    good = signatures.report(KEY, PATH, at, BODY)
    cases = {
        "signature_missing": lambda: trust.admit("P1", PATH, BODY, None, None),
        "wrong_signature": lambda: sign(trust, at, key=b"x" * 32),
        "bad_counter": lambda: trust.admit("P1", PATH, BODY, None, good),
    }
    for code, call in cases.items():
        assert refused(call).code == code
    assert refused(lambda: trust.admit("P1:2", PATH, BODY, None, None)).code == "signature_missing"
    assert refused(lambda: trust.admit("P1", "/api/hello", BODY, str(at), good)).code == "wrong_signature"
    assert refused(lambda: trust.admit("P1", PATH, BODY + b" ", str(at), good)).code == "wrong_signature"
    for wrong in ("-1", "1e3", "9" * 40, "\u0661", ""):
        assert refused(lambda wrong=wrong: trust.admit("P1", PATH, BODY, wrong, good)).code == "bad_counter"
    assert refused(lambda: sign(trust, at, probe_id="P2")).code == "unknown_key"
    assert sign(trust, at)


def test_who_has_no_key_delivers_as_before(trust):
    """A probe without a key, and deliveries without a name."""
    assert (
        trust.admit("P2", PATH, BODY, None, None) is None
        and trust.admit("adhoc", PATH, BODY, None, None) is None
    )
    trust.approved("P2", with_token=False)


def test_with_approval_a_name_needs_a_yes_or_the_token(tmp_path):
    """PROBE_TRUST=approve."""
    trust = Trust(tmp_path, approve=True)
    assert refused(lambda: trust.approved("P2", with_token=False)).code == "not_approved"
    trust.approved("P2", with_token=True)
    trust.trust("P2")
    trust.approved("P2:28ff", with_token=False)
    trust.release("P2")
    assert refused(lambda: trust.approved("P2", with_token=False)).code == "not_approved"


@pytest.mark.parametrize(
    ("kept", "told", "approve", "standing"),
    [
        ("", "", False, Standing.CLAIMABLE),
        ("", None, False, Standing.PLAIN),
        ("", "f" * 16, False, Standing.FOREIGN),
        ("", "", True, Standing.WAITING),
        ("", None, True, Standing.WAITING),
        ("offered", "", True, Standing.CLAIMABLE),
        ("offered", signatures.key_id(KEY), False, Standing.CLAIMED),
        ("claimed", signatures.key_id(KEY), True, Standing.CLAIMED),
        ("claimed", "", False, Standing.FORGOT),
        ("claimed", None, False, Standing.FORGOT),
        ("claimed", "f" * 16, False, Standing.FOREIGN),
        ("trusted", None, True, Standing.TRUSTED),
        ("trusted", "", True, Standing.CLAIMABLE),
        ("released", "", False, Standing.RELEASED),
        ("released", None, False, Standing.RELEASED),
    ],
)
def test_how_a_probe_stands(tmp_path, kept, told, approve, standing):
    """Each case of the table in docs/trust.md, after a restart too."""
    trust = Trust(tmp_path, approve=approve)
    if kept in ("offered", "claimed"):
        trust.offer("P1", KEY)
    if kept == "claimed":
        trust.confirm("P1")
    if kept == "trusted":
        trust.trust("P1")
    if kept == "released":
        trust.release("P1")
    for one in (trust, Trust(tmp_path, approve=approve)):
        assert one.look("P1", told) == (standing, KEY if standing is Standing.CLAIMED else b"")


def test_a_reset_probe_is_taken_again_only_after_a_yes(trust):
    """Otherwise whoever uses its name would get its history."""
    trust.saw("P1", trust.look("P1", "")[0])
    assert trust.standings() == {"P1": "forgot"}
    assert refused(lambda: trust.admit("P1", PATH, BODY, None, None)).code == "signature_missing"
    trust.trust("P1")
    assert trust.look("P1", "")[0] is Standing.CLAIMABLE and trust.key("P1") == b""


def test_a_yes_to_a_probe_with_a_key_changes_nothing(trust):
    """Somebody presses Trust once too often."""
    trust.saw("P1", Standing.CLAIMED)
    trust.trust("P1")
    assert trust.key("P1") == KEY


def test_deliveries_do_not_wait_for_the_file(tmp_path):
    """Where thousands are claimed in a row each one's first signed delivery says that it saved its key: that
    counts at once, for all that is told of the probe, and is written by who has the time."""
    trust = Trust(tmp_path)
    trust.offer("P1", KEY)
    before = (tmp_path / "temphub.keys.json").read_bytes()
    assert sign(trust, first(trust))
    assert (tmp_path / "temphub.keys.json").read_bytes() == before
    assert trust.claimed("P1") and trust.look("P1", "")[0] is Standing.FORGOT
    assert refused(lambda: trust.admit("P1", PATH, BODY, None, None)).code == "signature_missing"
    told = []
    trust.on_change = lambda: told.append(trust.standings())
    trust.settle()
    assert Trust(tmp_path).claimed("P1") and told == [{"P1": "claimed"}]
    trust.settle()
    assert len(told) == 1


def test_what_was_shown_counts_for_that_key_alone(tmp_path):
    """A probe that is offered another key has yet to save that one."""
    trust = Trust(tmp_path)
    trust.offer("P1", KEY)
    assert sign(trust, first(trust))
    trust.offer("P1", b"n" * 32)
    assert not trust.claimed("P1") and trust.admit("P1", PATH, BODY, None, None) is None
    trust.settle()
    assert not Trust(tmp_path).claimed("P1") and Trust(tmp_path).key("P1") == b"n" * 32


def test_keys_that_cannot_be_written_are_tried_again(tmp_path):
    """The probe goes on to deliver meanwhile."""
    trust = Trust(tmp_path)
    trust.offer("P1", KEY)
    at = first(trust)
    assert sign(trust, at)
    # What stands in the way of the file that is written beside.
    (tmp_path / "temphub.keys.json.new").mkdir()
    assert refused(trust.settle).code == "keys_not_saved"
    assert sign(trust, at + 1) and trust.claimed("P1")
    (tmp_path / "temphub.keys.json.new").rmdir()
    trust.settle()
    assert Trust(tmp_path).claimed("P1")


def test_a_missed_confirmation_is_made_up_for(tmp_path):
    """The probe saved its key and the hub ended before it heard so: the first signed delivery says it."""
    Trust(tmp_path).offer("P1", KEY)
    trust = Trust(tmp_path)
    assert trust.admit("P1", PATH, BODY, None, None) is None
    at = first(trust)
    assert sign(trust, at)
    assert refused(lambda: trust.admit("P1", PATH, BODY, None, None)).code == "signature_missing"
    with pytest.raises(Repeated):
        # The very first one is worth nothing a second time, either.
        sign(trust, at)
    trust.confirm("P1")
    with pytest.raises(Repeated):
        sign(trust, at)


def test_changes_are_told(trust):
    """Once for each news."""
    news = []
    trust.on_change = lambda: news.append(trust.standings())
    for standing in (Standing.FORGOT, Standing.FORGOT, Standing.CLAIMED):
        trust.saw("P1", standing)
    assert news == [{"P1": "forgot"}, {"P1": "claimed"}]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such rights")
def test_keys_are_for_this_user_alone(trust, tmp_path):
    """Nobody else on this computer reads them."""
    assert (tmp_path / "temphub.keys.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b'{"boards": 5}',
        b'{"boards": {"P1": {"state": "claimed", "key": "zz"}}}',
        b"\xff",
        b"",
        TOO_HIGH,
    ],
)
def test_a_damaged_file_is_put_aside(tmp_path, text):
    """The hub starts, says so, and the old file lies beside for whoever can mend it."""
    (tmp_path / "temphub.keys.json").write_bytes(text)
    trust = Trust(tmp_path)
    assert (tmp_path / trust.damaged).read_bytes() == text and trust.standings() == {}
    trust.trust("P1")
    assert Trust(tmp_path).standings() == {"P1": "trusted"}


def test_what_cannot_be_kept_is_not_done(trust, tmp_path, monkeypatch):
    """A full disk: the error says so, and the key stays as it was."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("temphub_kernel.trust.keys.write_private", full)
    assert refused(lambda: trust.offer("P1", b"n" * 32)).code == "keys_not_saved"
    assert trust.key("P1") == KEY
    assert json.loads((tmp_path / "temphub.keys.json").read_text())["boards"]["P1"]["key"] == KEY.hex()


def test_an_exchange_that_proves_nothing_gives_no_key():
    """Wrong types, a point that gives everybody the same key, a proof of something else."""
    one = Exchange.begin()
    other = Exchange.begin()
    for theirs in (None, 5, "", "zz" * 32, "00" * 32, "01" + "00" * 31, other.public):
        assert one.finish("P1", theirs, "0" * 64) is None
    assert one.finish("P1", other.public, None) is None


def test_a_board_is_what_stands_before_the_colon():
    """All sensors of one share its key."""
    assert [board_of(one) for one in ("P1", "P1:28ff641e", "P1:a:b", "")] == ["P1", "P1", "P1", ""]


def test_many_claimed_at_once_are_all_on_disk(tmp_path):
    """Boards whose claims come together share a write; each is on disk before its order goes out, and then
    delivers at once."""
    one = Trust(tmp_path)

    def claim(name: str) -> bool:
        one.offer(name, KEY)
        offered = Trust(tmp_path).key(name) == KEY
        one.confirm(name)
        return offered and Trust(tmp_path).claimed(name)

    names = [f"B-{number}" for number in range(64)]
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(claim, names))
    written = (tmp_path / "temphub.keys.json").read_bytes()
    for name in names:
        body = BODY.replace(b"P1", name.encode())
        with pytest.raises(Repeated) as caught:
            one.admit(name, PATH, body, "1", signatures.report(KEY, PATH, 1, body))
        at = caught.value.highest + 1
        assert one.admit(name, PATH, body, str(at), signatures.report(KEY, PATH, at, body))
    # What they count up to is set aside with the claim: no delivery waits for the disk.
    assert (tmp_path / "temphub.keys.json").read_bytes() == written


def test_of_those_that_share_a_write_none_is_kept_when_it_fails(tmp_path):
    """Each is told, and nothing has changed."""
    one = Trust(tmp_path / "gone")

    def claim(name: str) -> str:
        return refused(lambda: one.offer(name, KEY)).code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(claim, [f"B-{number}" for number in range(16)])) == {"keys_not_saved"}
    assert not one.standings()
