"""The datagram socket for mDNS. `options(sock, ip)` sets what this machine needs before the bind; a board
needs nothing."""

import socket

GROUP = "224.0.0.251"
PORT = 5353


def group_request(ip):
    """struct ip_mreq: the mDNS group, joined on the interface that has `ip`."""
    return bytes([int(part) for part in (GROUP + "." + ip).split(".")])


def set_option(sock, level, option, value):
    """True when the option took effect; a machine that lacks it works without."""
    try:
        sock.setsockopt(level, option, value)
        return True
    except OSError:
        return False


def bound_socket(ip, port, options=None):
    """A non-blocking datagram socket on `port` of all interfaces; OSError when the port is taken."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if options:
            options(sock, ip)
        sock.bind(socket.getaddrinfo("0.0.0.0", port)[0][-1])
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


class Link:
    """What the responder needs of a network: see probe/mdns.py. `net` is one of the ports' net modules."""

    def __init__(self, sock, net, address, bound=True):
        """`address()` gives the interface's IP as it is now; `bound` says that the socket holds port 5353."""
        self._sock = sock
        self._net = net
        self._address = address
        self.bound = bound

    def join(self):
        """Join the group, again and again: the membership goes with the network, a second join does no
        harm."""
        set_option(
            self._sock,
            0,
            getattr(socket, "IP_ADD_MEMBERSHIP", 35),
            group_request(self._address() or "0.0.0.0"),
        )

    def send(self, data, ip, port):
        """Send one datagram; OSError without a network."""
        self._sock.sendto(data, socket.getaddrinfo(ip, port)[0][-1])

    async def receive(self):
        """The next datagram as (data, ip, port)."""
        own = self._address() or ""
        while True:
            data, ip, port = await self._net.receive(self._sock)
            # A demo bound to 127.0.0.1 stays on this PC: the system also hands over what came from the
            # network.
            if not own.startswith("127.") or ip.startswith("127."):
                return data, ip, port

    def close(self):
        """Give the port back."""
        self._sock.close()
