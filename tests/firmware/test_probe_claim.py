"""probe/claim.py and the orders of a claimed probe, over real connections"""

import json

from claim_harness import House, visit
from probe.claim import PAUSE_MS
from probe.http import Problem
from probe.seal import mac
from probe_harness import run
from update_harness import PATH, Board, Store, Tree, manifest

TOLD = {"server_url": "http://127.0.0.1:8088", "interval_ms": 1000}


def test_a_claim_is_confirmed_by_the_first_signed_order():
    """Until then the key is only offered; with it, the key is saved beside the settings and the token is
    gone."""

    async def work(house, folder):
        assert await house.key_id() == ""
        status, reply = await house.claim()
        assert status == 200 and reply["proof"] == mac(house.key, b"claimed\nTempProbe-0A01")
        assert await house.key_id() == ""
        status, reply = await house.order("/provision", TOLD)
        assert status == 200 and reply["server_url"] == TOLD["server_url"] and reply["token_set"] is False
        assert await house.key_id() == mac(house.key, b"id")[:16]
        again = House(folder)
        assert (
            again.probe.state.seal.key == house.key
            and again.probe.state.settings.server_url == TOLD["server_url"]
        )

    visit(work)


def test_a_stranger_changes_nothing_on_a_claimed_probe():
    """No signature, a wrong one, one for another path or an order sent twice: 401, and all stays as it
    was."""

    async def work(house, folder):
        await house.claim()
        nonce = await house.nonce()
        assert (await house.order("/provision", TOLD, nonce))[0] == 200
        other = {"server_url": "http://10.9.9.9:1", "interval_ms": 500, "token": "x"}
        for path in ("/provision", "/restart", "/update", "/release"):
            status, reply = await house.visitor.post(path, other)
            assert (status, reply["error"]) == (401, "signature_missing")
            status, reply = await house.order(path, other, key=b"k" * 32)
            assert (status, reply["error"]) == (401, "wrong_signature")
        assert (await house.order("/provision", TOLD, nonce))[0] == 401
        status, reply = await house.claim()
        assert (status, reply["error"]) == (409, "claimed")
        live = house.probe.state.settings
        assert (live.server_url, live.interval_ms, live.token) == (
            TOLD["server_url"],
            1000,
            "",
        ) and not house.restarts

    visit(work)


def test_a_probe_with_a_token_is_claimed_only_by_who_knows_it():
    """The token itself never travels: a proof does."""

    async def work(house, folder):
        status, reply = await house.claim()
        assert (status, reply["error"]) == (401, "wrong_token")
        assert (await house.claim("another"))[0] == 401
        assert (await house.claim("s3cret"))[0] == 200
        assert (await house.order("/provision", TOLD))[0] == 200
        assert house.probe.state.settings.token == ""

    visit(work, token="s3cret")


def test_a_claim_whose_answer_was_lost_binds_nobody():
    """Another hub, or the same one again, may claim; the plain protocol works as well."""

    async def work(house, folder):
        await house.claim()
        first = house.key
        house.probe.ticks.forward(PAUSE_MS)
        assert (await house.claim())[0] == 200
        assert (await house.order("/provision", TOLD, key=first))[0] == 401
        assert (await house.visitor.post("/provision", TOLD))[0] == 200
        assert (await house.order("/provision", TOLD))[0] == 200
        assert await house.key_id() == mac(house.key, b"id")[:16]

    visit(work)


def test_released_it_may_be_claimed_again():
    """By the holder of the key, or by who can press its button."""

    async def work(house, folder):
        await house.claim()
        await house.order("/provision", TOLD)
        assert (await house.order("/release", {}))[0] == 200
        assert await house.key_id() == ""
        house.probe.ticks.forward(PAUSE_MS)
        assert (await house.claim())[0] == 200

    visit(work)


def test_a_flood_of_claims_leaves_the_probe_its_time():
    """A claim costs a board seconds in which it does nothing else: of a flood, good and bad ones, one in five
    seconds is worked at, the others are told that it is busy; other visitors and orders are served, and the
    owner's claim works once the flood is over."""

    async def work(house, folder):
        answers = {}
        for number in range(20):
            if number % 3:
                status, reply = await house.claim()
            else:
                # A point that gives everybody the same key costs as much.
                status, reply = await house.visitor.post("/claim", {"public": "00" * 32})
            answers[(status, reply.get("error"))] = answers.get((status, reply.get("error")), 0) + 1
            assert (await house.visitor.get("/whoami"))[0] == 200
            house.probe.ticks.forward(1000)
        assert answers[(503, "busy")] == 16 and len(answers) == 3, answers
        assert (await house.visitor.post("/claim", {"public": "x"}))[0] == 400
        assert (await house.visitor.post("/provision", TOLD))[0] == 200
        house.probe.ticks.forward(PAUSE_MS)
        assert (await house.claim())[0] == 200 and (await house.order("/provision", TOLD))[0] == 200
        assert await house.key_id() == mac(house.key, b"id")[:16]

    visit(work)


def test_the_key_is_told_to_nobody():
    """Neither /status nor /whoami nor the page has it."""

    async def work(house, folder):
        await house.claim()
        await house.order("/provision", TOLD)
        secret = house.probe.state.settings.get("key")
        assert len(secret) == 64
        for path in ("/", "/status", "/whoami"):
            assert secret not in (await house.visitor.get(path))[1]

    visit(work)


def test_what_is_no_key_is_refused():
    """Missing, short, no hexadecimal, or a point that gives everybody the same key: 400 in words."""

    async def work(house, folder):
        for public in (None, 5, "", "ab", "g" * 64, "0" * 64):
            status, reply = await house.visitor.post("/claim", {"public": public})
            assert (status, reply["error"]) == (400, "bad_public") and reply["problem"] and reply["remedy"]

    visit(work)


def test_a_flash_that_cannot_be_written_leaves_all_as_it_was():
    """500 in words, not claimed, and the order may come again."""

    async def work(house, folder):
        await house.claim()
        state = house.probe.state

        def full(values):
            raise OSError(28)

        update, state.settings.update = state.settings.update, full
        status, reply = await house.order("/provision", TOLD)
        assert (status, reply["error"]) == (500, "not_saved") and await house.key_id() == ""
        state.settings.update = update
        assert (await house.order("/provision", TOLD))[0] == 200
        with open(folder + "/settings.json") as file:
            assert json.load(file)["key"]

    visit(work)


def test_a_claimed_probe_installs_only_the_firmware_that_its_hub_named():
    """Whoever answers in the hub's place with another firmware, whole in itself, is not installed."""

    async def work(board, store):
        async with store:
            board.state.settings.update({"server_url": store.url})
            await board.update.install(PATH)

    for sha, installed in ((manifest()["sha256"], True), ("0" * 64, False)):
        with Tree() as folder:
            board = Board(folder)
            board.state.settings.update({"server_url": "http://127.0.0.1:1"})
            board.update.ask({"manifest_url": PATH, "sha256": sha}, signed=True)
            try:
                run(work(board, Store()))
                assert installed
            except ValueError as error:
                assert not installed and "not the firmware that the hub's order names" in str(error)
            assert board.restarts == int(installed)
    try:
        Board(".").update.ask({"manifest_url": PATH}, signed=True)
        raise AssertionError("taken")
    except Problem as problem:
        assert problem.body["error"] == "bad_sha256"
