"""One conversation with one probe: ask how it stands, decide, prove who we are, send the order, verify. Any
thread, one at a time.

A conversation goes through the states of `State`, whose values are what is shown and logged; `settle` is the
one that the hub holds with every probe every few seconds, the others carry an order of a person's. What goes
over the wire is in docs/trust.md.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..core import Settings, Sighting, TempHubError, board_of, clock, describe, firmware_build, http
from ..trust import Exchange, Standing, Trust, signatures
from . import errors, probe_client, route
from .orders import RETELL_S, Given, Order, ProbeCheck, Proof, State, Wanted, failed

log = logging.getLogger(__name__)

# So often another hub may take the probe before this one stops the tug-of-war.
TAKEN_MOST = 3
# A path, not an address: the probe takes firmware from the hub it delivers to, and from nobody else.
MANIFEST = "/api/firmware/manifest"
# A board has no memory to spare for compiling; a virtual probe may run on CPython, which cannot load what is
# compiled.
FOR_BOARDS = MANIFEST + "?format=mpy"
# Standing of a probe that anybody may order; what holds a key is judged by that.
OPEN = (Standing.PLAIN, Standing.CLAIMABLE)
NOT_OURS = {
    Standing.FOREIGN: errors.foreign,
    Standing.FORGOT: errors.forgot,
    Standing.WAITING: errors.waiting,
    Standing.RELEASED: errors.released,
}


class Context(NamedTuple):
    """What every conversation stands on.

    heard(probe_id, boot, count, at_s): where a probe said its count of milliseconds stood then.
    told(probe_id, what, value): what else it said of itself: `rssi`, the strength of its Wi-Fi in dBm, or
    `outbox`, how many readings wait on it.
    """

    talk: probe_client.Talk
    settings: Settings
    hub_port: int
    trust: Trust
    heard: Callable[[str, str, int, float], None] = lambda _id, _boot, _count, _at_s: None
    told: Callable[[str, str, float], None] = lambda _id, _what, _value: None


class Conversation:
    """One conversation, used for one order. state: how far it has come."""

    def __init__(self, context: Context, met: Sighting) -> None:
        self._talk, self._settings, self._hub_port, self._trust, self._heard, self._told = context
        self._met = met
        self._who = met.probe_id, met.ip, met.port
        self._board = board_of(met.probe_id)
        # None: each request has an allowance of its own.
        self._limit: http.Limit | None = None
        self.state = State.WAITING

    # The orders.

    def settle(self, order: Order) -> tuple[ProbeCheck, Given]:
        """Look at the probe, and tell it where to deliver when that differs; at most 6 s. Raises
        TempHubError."""
        met, given = self._met, order.given
        said = self._meet()
        if not order.take:
            self.leave_to_another_hub(said)
        base = route.base_url_for(self._settings, met.ip, self._hub_port)
        url = base if said.takes_base else base + route.INGEST
        proof = self._prove(said)
        wanted = Wanted(
            met.ip, met.port, said.boot or met.boot, url, order.interval_ms, proof.token, proof.key
        )
        if given is not None and not order.force and given.wanted == wanted and not given.differs(said):
            return self._ended(State.UNCHANGED, said, given._replace(taken=0))
        taken = wanted.times_taken(said, given)
        if (
            taken > TAKEN_MOST
            and not order.force
            and given is not None
            and clock.monotonic_s() - given.at_s < RETELL_S
        ):
            raise errors.contested(met, said.server_url or "")
        try:
            answer = self._provision(wanted, proof)
        except errors.ProbeWantsToken:
            if wanted.is_in_force(said) and not order.force:
                # Somebody gave it the shared token by hand: it takes no order of ours, and needs none.
                return self._ended(
                    State.UNCHANGED, said, Given(wanted, wanted.interval_ms, clock.monotonic_s())
                )
            raise
        # A probe may have bounds of its own; asking for the same again would only wear out its flash.
        interval_ms = answer.interval_ms or order.interval_ms
        return self._ended(State.OBEYED, said, Given(wanted, interval_ms, clock.monotonic_s(), taken))

    def _meet(self) -> probe_client.Status:
        """What the probe says of itself, and that it is the one meant. Raises TempHubError."""
        met = self._met
        if met.port == self._hub_port and route.address_towards(met.ip) == met.ip:
            raise errors.this_hub(met)
        self._limit = self._talk.limit()
        said = self._ask()
        if said.probe_id and said.probe_id != met.probe_id:
            raise errors.another_answers(met, said.probe_id)
        if said.sent_ms is not None and said.boot and not self._trust.claimed(self._board):
            # Before it is told where to deliver. Of a probe with a key only signed words count, and this is
            # none.
            self._heard(met.probe_id, said.boot, said.sent_ms, said.heard_s)
        for what, value in (("rssi", said.rssi), ("outbox", said.outbox)):
            if value is not None:
                self._told(met.probe_id, what, value)
        return said

    def update(self, sha256: Callable[[bool], str]) -> str:
        """The version the probe had when it said yes; it downloads afterwards. sha256(for a board): the
        firmware's. Raises TempHubError."""
        board = self._met.model != "virtual"
        # With it in a signed order, nobody on the way can give a claimed probe another firmware.
        body = {"manifest_url": FOR_BOARDS if board else MANIFEST, "sha256": sha256(board)}
        said = self._ask()
        if board:
            firmware_build.check_update(self._met.probe_id, said.heap_free, old=said.takes_base)
        answer = self._order("/update", body, "to update itself", proof := self._prove(said))
        if answer is None:
            raise errors.no_update(self._met)
        self._obeyed(proof)
        return answer.version or self._met.version

    def identify(self) -> None:
        """Have the probe blink, which anybody may. Raises TempHubError."""
        if self._order("/identify", {}, "to blink", Proof()) is None:
            raise errors.no_identify(self._met)
        self._obeyed(Proof())

    def release(self) -> None:
        """Have the probe forget our key; one that holds none of ours is told nothing. Raises TempHubError."""
        said = self._ask()
        if self._trust.look(self._board, said.key_id)[0] is Standing.CLAIMED:
            answer = self._order("/release", {}, "to be released", self._prove(said))
            self._to(State.OBEYED if answer else State.NO_SUCH_ORDER)

    # Asking and deciding.

    def _ask(self) -> probe_client.Status:
        self._to(State.ASKING)
        said = self._talk.status(*self._who, self._limit)
        self._to(State.DECIDING)
        return said or probe_client.Status()

    def leave_to_another_hub(self, said: probe_client.Status) -> None:
        """Raises TempHubError (`probe_elsewhere`) when the probe delivers to another hub that answers, until
        somebody asks for it.

        Firmware without keys takes orders from anybody, so a second hub, started to look around, would take
        it away from the first. One whose hub is dead, or was this one under another address, is taken at
        once. A probe with our key that delivers elsewhere has met a hub with the same keys, made of our
        back-up or of a copy: two that take it from one another would only part its readings.
        """
        if not said.server_url or said.needs_provision:
            return
        standing, _ = self._trust.look(self._board, said.key_id)
        twin = standing is Standing.CLAIMED
        free = not said.key_id and standing in OPEN and not self._trust.vouched(self._board)
        if (twin or free) and route.records_elsewhere(
            self._talk, self._settings, self._hub_port, self._met, said, by_a_hub=twin
        ):
            if twin:
                self._to(State.TWIN)
                raise errors.twin(self._met, said.server_url)
            self._trust.saw(self._board, Standing.ELSEWHERE)
            self._to(State.ELSEWHERE)
            raise errors.elsewhere(self._met, said.server_url)

    # Proving who we are.

    def _prove(self, said: probe_client.Status) -> Proof:
        """What to show a probe that says this of itself; a new one is claimed. Raises TempHubError when it is
        not ours to order."""
        standing, key = self._trust.look(self._board, said.key_id)
        self._trust.saw(self._board, standing)
        if standing in NOT_OURS:
            raise NOT_OURS[standing](self._met)
        if standing is Standing.CLAIMED:
            return Proof(key=key, nonce=said.nonce)
        secret = self._settings.server_token
        # A device that merely advertises itself must not learn what opens every other name: its token is good
        # for its own. Without SERVER_TOKEN one of an earlier time is taken back.
        own = signatures.probe_token(secret, self._board) if secret else ""
        if standing is Standing.CLAIMABLE:
            # It may hold the shared token, or its own from the time when its firmware knew no keys.
            return self._claim([secret, own] if secret else [""])
        return Proof(token=own, vouched=secret if standing is Standing.TRUSTED else "")

    def _claim(self, tokens: list[str]) -> Proof:
        """Agree on a key. tokens: what the probe may hold that opens it."""
        self._to(State.CLAIMING)
        exchange = Exchange.begin()
        *others, last = tokens
        for token in others:
            try:
                answer = self._claimed_with(exchange, token)
                break
            except errors.ProbeClaimed:
                continue
        else:
            answer = self._claimed_with(exchange, last)
        key, nonce = (
            exchange.finish(self._board, answer.get("public"), answer.get("proof")),
            answer.get("nonce"),
        )
        if key is None or not isinstance(nonce, str):
            raise errors.no_agreement(self._met)
        self._trust.offer(self._board, key)
        return Proof(key=key, nonce=nonce)

    def _claimed_with(self, exchange: Exchange, token: str) -> Mapping[str, object]:
        """What the probe answers to a claim, unchecked. Raises TempHubError (`probe_claimed` when it holds
        another token)."""
        body = {"public": exchange.public, **({"proof": exchange.proof(token)} if token else {})}
        code, answer = self._send("/claim", body, Proof())
        if code != 200 or answer is None:
            raise errors.refused(*self._who, "to be claimed", code, answer)
        return answer

    # Sending and verifying.

    def _provision(self, wanted: Wanted, proof: Proof) -> probe_client.Status:
        """What the probe then says is in force. Raises TempHubError."""
        body: dict[str, object] = {"server_url": wanted.url, "interval_ms": wanted.interval_ms}
        if proof.token is not None:
            body["token"] = proof.token
        self._to(State.SENDING)
        answer = self._agreed("to be told where to deliver", *self._send("/provision", body, proof))
        self._obeyed(proof)
        if answer.server_url is not None and answer.server_url != wanted.url:
            raise errors.keeps_another(self._met, answer.server_url)
        return answer

    def _order(
        self, path: str, body: Mapping[str, object], what: str, proof: Proof
    ) -> probe_client.Status | None:
        """What the probe answers; None when its firmware knows no such order. what: as in 'it refused to
        update itself'."""
        self._to(State.SENDING)
        code, answer = self._send(path, body, proof)
        if code in probe_client.NO_SUCH_PAGE:
            self._to(State.NO_SUCH_ORDER)
            return None
        return self._agreed(what, code, answer)

    def _agreed(self, what: str, code: int, answer: Mapping[str, object] | None) -> probe_client.Status:
        """What the probe answers that says yes. Raises TempHubError (`probe_refused`)."""
        self._to(State.VERIFYING)
        if not 200 <= code < 300 or answer is None or answer.get("ok") is False:
            raise errors.refused(*self._who, what, code, answer)
        return probe_client.status_of(answer)

    def _send(
        self, path: str, body: Mapping[str, object], proof: Proof
    ) -> tuple[int, dict[str, object] | None]:
        raw = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        if proof.key:
            headers["X-Signature"] = signatures.order(proof.key, path, proof.nonce, raw)
        elif proof.token:
            headers["X-Token"] = proof.token
        code, answer = self._talk.post(*self._who, path, raw, headers, self._limit)
        if code in (401, 403) and proof.vouched:
            self._to(State.VOUCHING)
            code, answer = self._talk.post(
                *self._who, path, raw, {**headers, "X-Token": proof.vouched}, self._limit
            )
        if code in (401, 403):
            unproven = proof.token and not proof.vouched
            raise errors.wants_token(self._met) if unproven else errors.claimed(*self._who)
        return code, answer

    def _obeyed(self, proof: Proof) -> None:
        """The probe carried out a signed order: one that was offered a key has saved it now."""
        if proof.key:
            self._trust.confirm(self._board)
        self._to(State.OBEYED)

    def _ended(self, state: State, said: probe_client.Status, given: Given) -> tuple[ProbeCheck, Given]:
        self._to(state)
        in_force = given.wanted.url, given.interval_ms
        device = said.version or self._met.version, said.model or self._met.model
        return ProbeCheck(*self._who, True, *in_force, "", "", *device, state), given

    def _to(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            log.debug("The probe %s at %s:%d: %s", *self._who, state.value)


def check(context: Context, met: Sighting, order: Order) -> tuple[ProbeCheck, Given | None]:
    """How the probe was found, and what it was told; whatever happens, there is a result."""
    talk = Conversation(context, met)
    try:
        return talk.settle(order)
    except TempHubError as error:
        return failed(met, error, talk.state), None
    # The boundary of a crew thread: an unforeseen answer of one probe must not end the thread.
    except Exception as error:
        log.exception("the check of %s failed", met.probe_id)
        return failed(met, TempHubError(*describe(error)), talk.state), None
