"""Hostile hosts and URLs: internal addresses in every spelling that some parser takes for them."""

from ipaddress import IPv4Address, IPv6Address

INTERNAL_V4 = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.254", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.0.1",
    "169.254.1.1", "169.254.169.254", "169.254.170.2", "168.63.129.16", "172.16.0.1", "172.31.255.254",
    "192.0.0.192",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1",
)  # fmt: skip
INTERNAL_V6 = (
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::",
    "3fff::1",
    "2002:808:808::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1", "5f00::1",
    "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a9fe:a9fe",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "192.42.116.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
    "11.0.0.1",
          "128.0.0.1", "126.255.255.255", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001::1",
          "2620:fe::fe")  # fmt: skip
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
_CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")


def spellings(address):
    """Return *address* (IPv4) in every other spelling, as hosts."""
    number = int(IPv4Address(address))
    a, b, c, d = address.split(".")
    low = number & 0xFFFFFF
    v6 = [
        IPv6Address(0xFFFF << 32 | number), IPv6Address(number), IPv6Address(0xFFFF << 48 | number),
        IPv6Address((0x64FF9B << 96) | number), IPv6Address((0x2002 << 112) | (number << 80)),
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)), IPv6Address((0xFE80 << 112) | (0x5EFE << 32) | number),
    ]  # fmt: skip
    spelt = [
        str(number), hex(number), "0" + oct(number)[2:], oct(number), f"0x{number:016x}", str(number + 2**32),
        f"{a}.{low}", f"{a}.{b}.{int(c) * 256 + int(d)}",
        f"0x{int(a):x}.0x{int(b):x}.0x{int(c):x}.0x{int(d):x}",
        f"0{int(a):o}.0{int(b):o}.0{int(c):o}.0{int(d):o}", f"{int(a):03}.{int(b):03}.{int(c):03}.{int(d):03}",
        f"{a}.{b}.{c}.0x{int(d):x}", f"{a}.{b}.{c}.{int(d):04}", f"{address}.", f"{address}..", f".{address}",
        address.translate(_WIDE), address.translate(_CIRCLED), address.replace(".", "。"), address.replace(".",
        "%2e"),
        address.replace(".", "．"), "%" + address.encode().hex("%"), f"{address}%00", f"{address}%25eth0",
        f"{a}.{b}.{c}.{d}.0",
        f"+{address}", f"-{address}", f"{address}\u200b", f"{a}.{b}.{c}", f"{int(a) + 256}.{b}.{c}.{d}",
        *[f"[{host}]" for host in v6], f"[::ffff:{address}]", f"[{address}]", f"[::{address}]",
        "[fe80::1%eth0]",
    ]  # fmt: skip
    return [host for host in spelt if host != address]


def wrapped(host):
    """Return URLs that some parser reads as *host*, and another one as somewhere else or not at all."""
    good = "example.com"
    return [
        f"http://{good}@{host}/", f"http://{host}#@{good}/", f"http://{good}\\@{host}/",
        f"http://{host}\\.{good}/",
        f"http://{host} .{good}/", f" http://{host}/", f"http://{host}/ ", f"http://{host}\t/",
        f"http://{host}\n/",
        f"http://{host}\r\nHost: {good}/", f"http://{host}\x00.{good}/", f"http://{host};{good}/",
        f"http:/{host}/",
        f"http:{host}", f"//{host}/", f"http:///{host}/", f"http://{host}:80:80/", f"http://{host}:0/",
        f"http://{host}:65536/",
        f"http://{host}:080/", f"http://{host}:/", f"http://{host}:-1/", f"http://{host}:８０/", f"ftp://{host}/",
        f"file://{host}/etc/passwd", f"gopher://{host}/", f"HTTP://{host}/", f"http://{host}/%zz",
        f"http://{host}/%",
        f"http://ann:pw@{host}/", f"http://{host}/a b", f"http://{host}/ü", f"http://{host}/#fragment",
        f"unix:{host}",
        f"javascript://{host}/", f"http://{host}/<>", f"http://{host}?\x7f", f"http://{host},{good}/",
        "http://" + host + "/" + "a" * 5000,
    ]  # fmt: skip


ODD = ("", " ", ".", "..", "-", "a..b", "-a.example", "a-.example", "a_b.example", "a" * 64 + ".example",
    "a." * 127 + "example",
       "exam ple", "exa\nmple", "exa\x00mple", "exämple.com", "xn--", "a.b.1", "a.0x1", "1", "0", "0x", "[",
       "]", "[]", "[::1", "::1]",
       "[::1]", "[v1.x]", "a/b", "a?b", "a#b", "a@b", "a:b", "a%41", "\ud800", "localhost.", "1.2.3",
       "1.2.3.4.5", "1.2.3.256", "::g",
       "1::2::3", ":::", "fe80::1%lo", "0:0:0:0:0:0:0:0:0", "*", "*.example.com", "$(id)", "a,b", "a;b",
       "${HOME}", None, 7, b"a")  # fmt: skip

HONEST = (
    "https://example.com", "https://example.com/", "https://EXAMPLE.com:8443/a/b?c=d&e=%20",
    "http://sub.domain.example/x",
    "https://xn--bcher-kva.example/", "https://8.8.8.8/", "https://[2606:4700:4700::1111]:443/dns",
    "https://a-b.c-d.example/~u;v=1,2",
    "https://example.com?x=1", "https://hooks.example.com/services/T00/B00/xyz?sig=a%2Bb==",
    "https://1.example/", "https://host/",
)  # fmt: skip
