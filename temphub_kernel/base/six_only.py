"""What log, page and doctor say of a probe that is announced by IPv6 only. Any thread; pure."""

REMEDY = "Switch IPv4 on in that probe and in its network (DHCP), or let it deliver through a device that speaks both."


def problem(name: str, address: str) -> str:
    """Why it is not used."""
    return f"The probe {name} at {address} is announced by IPv6 only, and this hub and its probes speak IPv4, so it is not taken up."


def in_words(heard: str) -> str:
    """The same of a probe as the hub's note has it, `name at address`."""
    name, _, address = heard.rpartition(" at ")
    return problem(name or heard, address)
