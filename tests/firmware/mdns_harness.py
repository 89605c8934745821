"""A link for mDNS packets: what the mDNS tests share."""

import asyncio


class Link:
    """Holds what was sent, gives what is put in."""

    def __init__(self, bound=True):
        self.bound = bound
        self.inbox = []
        self.sent = []
        self.joined = 0
        self.broken = False

    def join(self):
        self.joined += 1

    def send(self, data, ip, port):
        if self.broken:
            raise OSError("network is down")
        self.sent.append((data, ip, port))

    def told(self):
        """The responses among what was sent."""
        return [data for data, _, _ in self.sent if data[2] & 0x80]

    async def receive(self):
        while not self.inbox:
            await asyncio.sleep(0.005)
        item = self.inbox.pop(0)
        if isinstance(item, Exception):
            raise item
        return item
