"""Very many probes in one process, as a hub meets them: they say hello, are claimed and told where to
deliver, sign each delivery, check the signature of the answer, send again what was not acknowledged, and
gather when they are asked to. Written from docs/trust.md and the API's contract; nothing of the hub or the
firmware is used.

Each has an address of its own in 127/8 and one connection that it keeps. On a line of the input one of JSON
tells what happened since the last one; at the input's end they measure no more, deliver what is left, and
tell how much of each was acknowledged.
"""

import hashlib
import heapq
import hmac
import json
import os
import random
import re
import select
import socket
import sys
import time
from array import array
from collections import Counter, deque

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: close", re.IGNORECASE)
SIGNED = re.compile(rb"\r\nx-signature: (\w+)", re.IGNORECASE)
ASKED = re.compile(rb'"deliver_every_ms":(\d+)')
INGEST, HELLO = "/api/ingest", "/api/hello"
MOST, GATHERED = 100, 32
HELLO_EVERY_S, ANSWER_S = 300.0, 5.0


def say(told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def mac(key: bytes, text: bytes) -> str:
    return hmac.digest(key, text, "sha256").hex()


class Board:
    """One probe. waiting: readings that are not acknowledged, (seq, moment, text of the value)."""

    def __init__(self, number: int) -> None:
        self.number, self.name = number, f"Crowd-{number:05}"
        self.ip = f"127.{1 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}"
        self.boot = os.urandom(4).hex()
        self.key = self.offered = b""
        self.nonce, self.url, self.interval_ms = "", "", 2000
        self.counter = random.getrandbits(30)
        self.seq = 0
        self.waiting: deque[tuple[int, float, str]] = deque()
        self.acknowledged = 0
        self.every_ms, self.due_s = 0, 0.0
        self.wire: Wire | None = None
        self.flying = 0
        self.retry_s = 0.0

    def status(self, began_s: float) -> dict[str, object]:
        told = {"id": self.name, "server_url": self.url, "interval_ms": self.interval_ms, "token_set": False}
        told |= {"needs_provision": not self.url, "outbox": len(self.waiting), "boot": self.boot}
        told |= {"version": "0.4.0", "model": "crowd", "sent_ms": round((time.monotonic() - began_s) * 1000)}
        told |= {"key_id": mac(self.key, b"id")[:16] if self.key else ""}
        return {**told, "nonce": self.nonce} if self.key or self.offered else told

    def gathers(self, now: float) -> bool:
        return bool(self.every_ms) and now < self.due_s and len(self.waiting) < GATHERED

    def asked(self, every_ms: int, now: float) -> None:
        if every_ms and not self.every_ms:
            self.due_s = now + random.random() * every_ms / 1000
        elif every_ms:
            self.due_s = max(self.due_s + every_ms / 1000, now)
        self.every_ms = every_ms


class Wire:
    """One connection. kind: `ingest`, `hello`, or `served` where the hub asks."""

    __slots__ = ("board", "data", "kind", "sent_s", "signed", "sock", "unsent")

    def __init__(self, sock: socket.socket, board: Board, kind: str) -> None:
        self.sock, self.board, self.kind = sock, board, kind
        self.data, self.unsent = b"", b""
        self.sent_s, self.signed = 0.0, 0


class Crowd:
    """All of them."""

    def __init__(self, count: int, port: int, a_second: float, interval_ms: int) -> None:
        self.boards = [Board(number) for number in range(count)]
        self.by_ip = {board.ip: board for board in self.boards}
        self.port, self.began_s = port, time.monotonic()
        self.epoll = select.epoll()
        self.wires: dict[int, Wire] = {}
        self.times: list[tuple[float, int, str]] = []
        self.counts: Counter[str] = Counter()
        self.took = array("f")
        self.late = array("f")
        self.measuring = True
        self.door = self._listen()
        for number, board in enumerate(self.boards):
            board.interval_ms = interval_ms
            heapq.heappush(self.times, (self.began_s + number / a_second, number, HELLO))

    def _listen(self) -> socket.socket:
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # All of 127/8, and nothing else.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        door.bind(("0.0.0.0", 0))
        door.listen(1024)
        door.setblocking(False)
        self.epoll.register(door, select.EPOLLIN)
        return door

    def run(self) -> None:
        """Until the input ends."""
        self.epoll.register(0, select.EPOLLIN)
        while self.measuring:
            self._round(True)
        end = time.monotonic() + 60
        for board in self.boards:
            board.every_ms = 0
        while time.monotonic() < end and any(board.waiting for board in self.boards):
            for board in self.boards:
                if board.waiting and not board.flying and board.retry_s < time.monotonic():
                    self._deliver(board, time.monotonic())
            self._round(False)
        left = sum(len(board.waiting) for board in self.boards)
        each = {board.name: board.acknowledged for board in self.boards if board.acknowledged}
        say({"left": left, "acknowledged": each})

    def _round(self, measures: bool) -> None:
        now = time.monotonic()
        while self.times and self.times[0][0] <= now:
            at_s, number, what = heapq.heappop(self.times)
            board = self.boards[number]
            if what == HELLO:
                self._hello(board)
                heapq.heappush(self.times, (at_s + HELLO_EVERY_S, number, HELLO))
            elif measures:
                self.late.append(1000 * (now - at_s))
                heapq.heappush(self.times, (at_s + board.interval_ms / 1000, number, what))
                self._measure(board, at_s, now)
        wait_s = max(0.0, min(self.times[0][0] - now, 0.5)) if self.times else 0.5
        for fd, events in self.epoll.poll(wait_s, 4096):
            if fd == 0:
                self._told()
            elif fd == self.door.fileno():
                self._accept()
            elif (wire := self.wires.get(fd)) is not None:
                self._handle(wire, events)

    def _told(self) -> None:
        if not os.read(0, 4096):
            self.measuring = False
            self.epoll.unregister(0)
            return
        took, late = sorted(self.took), sorted(self.late)
        asked = Counter(board.every_ms for board in self.boards if board.acknowledged)
        told = {
            "counts": dict(self.counts),
            "claimed": sum(bool(board.key) for board in self.boards),
            "gather_ms": dict(asked),
            "waiting": sum(len(board.waiting) for board in self.boards),
            "p50": took[len(took) // 2] if took else 0,
            "p99": took[len(took) * 99 // 100] if took else 0,
            "longest": took[-1] if took else 0,
            "own_late_p99": late[len(late) * 99 // 100] if late else 0,
        }
        self.counts.clear()
        del self.took[:], self.late[:]
        say(told)

    def _measure(self, board: Board, at_s: float, now: float) -> None:
        board.waiting.append((board.seq, at_s, f"{20 + (board.seq * 7 % 64) / 16:g}"))
        board.seq += 1
        self.counts["measured"] += 1
        if board.flying and board.wire is not None and now - board.wire.sent_s > ANSWER_S:
            self._lost(board.wire, "timeout")
        if not board.flying and now >= board.retry_s and not board.gathers(now):
            self._deliver(board, now)

    def _deliver(self, board: Board, now: float) -> None:
        board.wire = board.wire or self._open(board, "ingest")
        if board.wire is None:
            return
        those = [board.waiting[at] for at in range(min(MOST, len(board.waiting)))]
        board.flying = len(those)
        readings = ", ".join(
            f'{{"seq": {seq}, "age_ms": {round(1000 * (now - at_s))}, "temperature_c": {value}}}'
            for seq, at_s, value in those
        )
        sent_ms = round((now - self.began_s) * 1000)
        rest = f'"boot": "{board.boot}", "sent_ms": {sent_ms}'
        self._send(board.wire, f'{{"probe_id": "{board.name}", "readings": [{readings}], {rest}}}', now)

    def _send(self, wire: "Wire", text: str, now: float) -> None:
        board, body = wire.board, text.encode()
        board.counter += 1
        wire.signed = board.counter
        signature = mac(board.key, f"report\n{INGEST}\n{board.counter}\n".encode() + body)
        head = (
            f"POST {INGEST} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"X-Counter: {board.counter}\r\nX-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        wire.sent_s, wire.data = now, b""
        self._write(wire, head.encode() + body)

    def _hello(self, board: Board) -> None:
        said = {"id": board.name, "ip": board.ip, "port": self.door.getsockname()[1], "boot": board.boot}
        said |= {"version": "0.4.0", "model": "crowd"}
        body = json.dumps(said).encode()
        head = f"POST {HELLO} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
        if board.key:
            board.counter += 1
            signature = mac(board.key, f"report\n{HELLO}\n{board.counter}\n".encode() + body)
            head += f"X-Counter: {board.counter}\r\nX-Signature: {signature}\r\n"
        if (wire := self._open(board, "hello")) is not None:
            self._write(wire, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _open(self, board: Board, kind: str) -> "Wire | None":
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((board.ip, 0))
        try:
            sock.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        except OSError as error:
            self.counts[type(error).__name__] += 1
            board.retry_s = time.monotonic() + 1
            sock.close()
            return None
        return self._keep(sock, board, kind)

    def _keep(self, sock: socket.socket, board: Board, kind: str) -> "Wire":
        wire = Wire(sock, board, kind)
        self.wires[sock.fileno()] = wire
        self.epoll.register(sock, select.EPOLLIN)
        self.counts["connections"] += kind == "ingest"
        return wire

    def _write(self, wire: "Wire", data: bytes) -> None:
        data = wire.unsent + data
        try:
            sent = wire.sock.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(wire, type(error).__name__)
            return
        had, wire.unsent = bool(wire.unsent), data[sent:]
        if wire.unsent or had:
            self.epoll.modify(wire.sock, select.EPOLLIN | (select.EPOLLOUT if wire.unsent else 0))

    def _close(self, wire: "Wire") -> None:
        if self.wires.pop(wire.sock.fileno(), None) is None:
            return
        self.epoll.unregister(wire.sock)
        wire.sock.close()
        if wire.board.wire is wire:
            wire.board.wire = None

    def _lost(self, wire: "Wire", why: str) -> None:
        if wire.kind == "ingest":
            if wire.board.flying:
                self.counts[why] += 1
                wire.board.retry_s = time.monotonic() + 0.75 + random.random() / 2
            wire.board.flying = 0
        self._close(wire)

    def _handle(self, wire: "Wire", events: int) -> None:
        if events & select.EPOLLOUT:
            self._write(wire, b"")
        try:
            data = wire.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(wire, type(error).__name__)
            return
        if not data:
            self._lost(wire, "closed")
            return
        wire.data += data
        head, found, body = wire.data.partition(b"\r\n\r\n")
        if not found:
            return
        length = LENGTH.search(head)
        if len(body) < (int(length[1]) if length else 0):
            return
        if wire.kind == "ingest":
            self._answered(wire, head, body)
        elif wire.kind == "hello":
            self.counts[f"hello {head[9:12].decode()}"] += 1
            self._close(wire)
        else:
            self._serve(wire, head, body)

    def _answered(self, wire: "Wire", head: bytes, body: bytes) -> None:
        board, now, status = wire.board, time.monotonic(), int(head[9:12])
        signature = SIGNED.search(head)
        if signature is None or signature[1].decode() != mac(
            board.key, f"reply\n{wire.signed}\n{status}\n".encode() + body
        ):
            self.counts[f"not signed {status}"] += 1
            board.retry_s, board.flying = now + 1, 0
        elif status == 200:
            self.took.append(1000 * (now - wire.sent_s))
            self.counts["requests"] += 1
            self.counts["acknowledged"] += board.flying
            board.acknowledged += board.flying
            for _ in range(board.flying):
                board.waiting.popleft()
            board.flying = 0
            asked = ASKED.search(body)
            if not board.waiting or asked:
                board.asked(int(asked[1]) if asked else 0, now)
        elif status == 409:
            board.counter = max(board.counter, json.loads(body).get("counter", 0))
            self.counts["counter told"] += 1
            board.flying = 0
        else:
            self.counts[f"status {status}"] += 1
            board.retry_s, board.flying = now + 1, 0
        if CLOSES.search(head):
            self._close(wire)
        if board.waiting and now >= board.retry_s and not board.gathers(now):
            self._deliver(board, now)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.door.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            self._keep(sock, self.by_ip[sock.getsockname()[0]], "served")

    def _serve(self, wire: "Wire", head: bytes, body: bytes) -> None:
        board, (method, path, _) = wire.board, head.split(b"\r\n", 1)[0].decode().split(" ")
        status, told = 404, {"ok": False}
        if (method, path) in (("GET", "/status"), ("GET", "/whoami")):
            status, told = 200, board.status(self.began_s)
        elif path == "/claim" and not board.key:
            status, told = 200, _claim(board, json.loads(body))
        elif path == "/provision":
            status, told = self._provision(board, head, body)
        self.counts[f"asked {path} {status}"] += 1
        raw = json.dumps(told).encode()
        self._write(
            wire,
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + raw,
        )
        if wire.sock.fileno() in self.wires:
            self._close(wire)

    def _provision(self, board: Board, head: bytes, body: bytes) -> tuple[int, dict[str, object]]:
        key, signature = board.key or board.offered, SIGNED.search(head)
        if (
            not key
            or signature is None
            or signature[1].decode() != mac(key, f"order\n/provision\n{board.nonce}\n".encode() + body)
        ):
            return 401, {"ok": False}
        told, is_new = json.loads(body), not board.key
        board.key, board.nonce = key, os.urandom(8).hex()
        board.url, board.interval_ms = told["server_url"], told["interval_ms"]
        if is_new:
            at_s = time.monotonic() + random.random() * board.interval_ms / 1000
            heapq.heappush(self.times, (at_s, board.number, "measure"))
        return 200, {
            "ok": True,
            "server_url": board.url,
            "interval_ms": board.interval_ms,
            "token_set": False,
        }


def _claim(board: Board, said: dict[str, str]) -> dict[str, object]:
    theirs, private = bytes.fromhex(said["public"]), X25519PrivateKey.generate()
    shared, ours = private.exchange(X25519PublicKey.from_public_bytes(theirs)), private.public_key()
    board.offered = hashlib.sha256(b"temphub key 1\n" + shared + theirs + ours.public_bytes_raw()).digest()
    board.nonce = os.urandom(8).hex()
    proof = mac(board.offered, b"claimed\n" + board.name.encode())
    return {"ok": True, "public": ours.public_bytes_raw().hex(), "nonce": board.nonce, "proof": proof}


if __name__ == "__main__":
    Crowd(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])).run()
