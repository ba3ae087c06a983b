"""Which addresses are public: a table of our own, because Python's `is_global` calls several internal ranges global."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from adapters.settings import split_network

Address = IPv4Address | IPv6Address

NEVER = frozenset(
    map(
        IPv4Address,
        ("169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
) | {IPv6Address("fd00:ec2::254"), IPv6Address("fd00:ec2::23"), IPv6Address("fd20:ce::254")}
"""Where clouds hand out credentials to whoever asks; no operator's list opens these."""

_REFUSED_V4 = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
# Named for the message only: whatever lies outside 2000::/3 is refused, named here or not.
_NAMED_V6 = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4-mapped"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("::/96", "IPv4-compatible"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_EMBEDS_LAST = tuple(map(IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
_6TO4 = IPv6Network("2002::/16")


def reason_against(address: Address) -> str:
    """Return what *address* is if it is not a public one (`loopback`, `private` ...), else an empty text."""
    if _is_metadata(address):
        return "cloud metadata"
    if isinstance(address, IPv4Address):
        return next((what for network, what in _REFUSED_V4 if address in network), "")
    named = next((what for network, what in _NAMED_V6 if address in network), "")
    if named or address not in _GLOBAL_V6:
        return named or "reserved"
    # ISATAP: an interface id of ::5efe:a.b.c.d tunnels to that IPv4 address under any prefix.
    return "ISATAP" if (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE else ""


def _is_metadata(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address in NEVER
    number = int(address)
    inner = IPv4Address(number >> 80 & 0xFFFFFFFF) if address in _6TO4 else IPv4Address(number & 0xFFFFFFFF)
    embeds = address in _6TO4 or any(address in network for network in _EMBEDS_LAST)
    return address in NEVER or (embeds and inner in NEVER)


class AllowList:
    """What an operator opens beyond public addresses: `CIDR[:port]`, without a port for every port."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        """Read the list; raises ValueError for an entry that is no network."""
        split = (split_network(text) for text in networks)
        self._networks = tuple((ip_network(network), port) for network, port in split)

    def allows(self, address: Address, port: int) -> bool:
        """Whether the operator opened this address and port; never so for a metadata address."""
        if _is_metadata(address):
            return False
        return any(address in network and open_port in (None, port) for network, open_port in self._networks)
