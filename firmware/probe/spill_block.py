"""Readings as bytes on the flash: blocks that stand alone, each with its own checksum, so that a torn or
rotten one harms no other.

A block is a mark, a size, boot, anchor, the first seq and time, nine bytes for each reading, and a CRC-32
over all behind the size. Behind one with readings of a thermocouple's chip stands what that said (see
chip.py), with a mark that earlier firmware passes over. An entry is (code, seq, taken_ms, units, chip): see
outbox.py.
"""

import struct
from binascii import crc32

MOST = 64
_MARK = b"\xb7\x64"
_HEAD = "<QQIB"
_HEAD_SIZE = 21
_RECORD = 9
_MAX_SIZE = _HEAD_SIZE + 32 + MOST * _RECORD
_LONGEST_SEQ = 0xFFFF
_LONGEST_MS = 0xFFFFFF


class Block:
    """What one block holds. `anchor`: the boot's start in ms since 1970, 0 when it was not known; `chips`: 4
    bytes a reading, or None."""

    def __init__(self, payload):
        self.anchor, self._first_ms, self._first_seq, size = struct.unpack_from(_HEAD, payload, 0)
        self._at = _HEAD_SIZE + size
        self.boot = bytes(payload[_HEAD_SIZE : self._at]).decode()
        self._payload = payload
        self.chips = None
        self.count = (len(payload) - self._at) // _RECORD
        # Which of the readings were delivered; in RAM only.
        self.done = bytearray(self.count)

    def entry(self, index):
        """One reading as (code, seq, taken_ms, units, chip)."""
        code, low, middle, high, seq, ms_low, ms_high = struct.unpack_from(
            "<BBBBHHB", self._payload, self._at + index * _RECORD
        )
        units = low | middle << 8 | high << 16
        chip = struct.unpack_from("<I", self.chips, 4 * index)[0] if self.chips else 0
        return (
            code,
            self._first_seq + seq,
            self._first_ms + (ms_high << 16 | ms_low),
            units - (units >> 23 << 24),
            chip,
        )

    def last_ms(self):
        """When its newest reading was taken, in ms since the boot; 0 for a block without readings."""
        return self.entry(self.count - 1)[2] if self.count else 0


def encode(boot, anchor, entries):
    """(bytes, how many of `entries` are in it): at most 64, and as many as lie near enough to the first in
    seq and time."""
    first_seq, first_ms = (entries[0][1], entries[0][2]) if entries else (0, 0)
    name = boot.encode()
    payload = bytearray(struct.pack(_HEAD, anchor, first_ms, first_seq, len(name)) + name)
    count = told = 0
    for code, seq, taken_ms, units, said in entries[:MOST]:
        seq -= first_seq
        taken_ms -= first_ms
        if not 0 <= seq <= _LONGEST_SEQ or not 0 <= taken_ms <= _LONGEST_MS:
            break
        units &= 0xFFFFFF
        payload += struct.pack(
            "<BBHHHB", code, units & 0xFF, units >> 8, seq, taken_ms & 0xFFFF, taken_ms >> 16
        )
        count += 1
        told |= said
    data = _MARK + struct.pack("<H", len(payload)) + payload + struct.pack("<I", crc32(payload))
    if told:
        from probe import chip

        data += chip.kept([entry[4] for entry in entries[:count]])
    return data, count


def read(file, at=0):
    """Each good block of an open file as (Block, position behind it); what is torn or rotten is passed
    over."""
    while at is not None:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4:
            return
        payload = _payload(file, head)
        if payload is None:
            at = _next_mark(file, at + 1)
        else:
            at += len(payload) + 8
            block = Block(payload)
            if file.read(1) == b"\xb6":
                from probe import chip

                block.chips = chip.read(file, block.count)
                at += 4 * block.count + 5 if block.chips else 0
            yield block, at


def _payload(file, head):
    size = head[2] | head[3] << 8
    if head[:2] != _MARK or not _HEAD_SIZE < size <= _MAX_SIZE:
        return None
    payload = file.read(size)
    check = file.read(4)
    if len(payload) < size or len(check) < 4 or crc32(payload) != struct.unpack("<I", check)[0]:
        return None
    # The checksum is right, so this is a block; one that says impossible things about itself is of a later
    # version.
    return (
        payload
        if _HEAD_SIZE + payload[20] <= size and not (size - _HEAD_SIZE - payload[20]) % _RECORD
        else None
    )


def _next_mark(file, at):
    while True:
        file.seek(at)
        piece = file.read(256)
        found = piece.find(_MARK)
        if found >= 0:
            return at + found
        if len(piece) < 256:
            return None
        # The mark may lie across the edge.
        at += 255
