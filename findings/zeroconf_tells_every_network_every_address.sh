#!/bin/sh
# python-zeroconf 0.154.0: a service registered with the addresses of two networks is announced and answered on BOTH interfaces with
# BOTH addresses, although RFC 6762, section 14, wants on each interface only what is valid there; and the library has no setting for it.
# Met with ordinary input: a computer with a LAN and a container bridge. Whoever asks from the LAN may get the container's address first.
# Needs root (network namespaces) and the `ip` tool. Exit 0: as met; 1: it changed.
set -eu
D=$(mktemp -d); N=zc$$
trap 'ip netns del "$N" 2>/dev/null || true; ip netns del "${N}b" 2>/dev/null || true; ip netns del "${N}c" 2>/dev/null || true; rm -rf "$D"' EXIT
python3 -m venv "$D/venv"
"$D/venv/bin/python" -m pip install -q --disable-pip-version-check "zeroconf==0.154.0"
for one in "$N" "${N}b" "${N}c"; do ip netns add "$one"; ip -n "$one" link set lo up; done
join() { # device, own address, other namespace, its address
    ip -n "$N" link add "$1" type veth peer name eth0 netns "$3"
    ip -n "$N" addr add "$2/24" dev "$1"; ip -n "$N" link set "$1" up
    ip -n "$3" addr add "$4/24" dev eth0; ip -n "$3" link set eth0 up
}
join lan0 10.9.1.1 "${N}b" 10.9.1.2
join docker0 172.17.9.1 "${N}c" 172.17.9.2
cat > "$D/tell.py" <<'P'
import sys

from zeroconf import IPVersion, ServiceInfo, Zeroconf

air = Zeroconf(interfaces=["10.9.1.1", "172.17.9.1"], ip_version=IPVersion.V4Only)
kind = "_found._tcp.local."
both = ["10.9.1.1", "172.17.9.1"]
air.register_service(ServiceInfo(kind, "x." + kind, port=1, server="found.local.", parsed_addresses=both))
print("ready", flush=True)
sys.stdin.read()
air.close()
P
cat > "$D/ask.py" <<'P'
from zeroconf import AddressResolverIPv4, IPVersion, Zeroconf

air = Zeroconf(interfaces=["10.9.1.2"], ip_version=IPVersion.V4Only)
found = AddressResolverIPv4("found.local.")
found.request(air, 5000)
print(" ".join(sorted(found.parsed_addresses(IPVersion.V4Only))))
air.close()
P
mkfifo "$D/hold" "$D/said"
ip netns exec "$N" "$D/venv/bin/python" "$D/tell.py" < "$D/hold" > "$D/said" &
exec 3> "$D/hold"
read -r _ready < "$D/said"
got=$(ip netns exec "${N}b" "$D/venv/bin/python" "$D/ask.py")
exec 3>&-
wait
echo "zeroconf 0.154.0, asked from 10.9.1.2: found.local -> $got"
[ "$got" = "10.9.1.1 172.17.9.1" ]
