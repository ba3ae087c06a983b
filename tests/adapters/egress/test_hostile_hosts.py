"""Nothing hostile passes: several thousand hosts and URLs are refused, honest ones are read."""

import asyncio
from ipaddress import ip_address

import pytest

from adapters.egress import Door, DoorRefused, DoorUnreachable, parse_host, parse_url
from adapters.egress.addresses import NEVER, AllowList, reason_against
from tests.suites.hostile_hosts import HONEST, INTERNAL_V4, INTERNAL_V6, ODD, PUBLIC, spellings, wrapped


class Reached(Exception):
    """The door would have connected."""


def passes(url, addresses=("127.0.0.1",)):
    """Whether the door would send anything for *url*; names resolve to *addresses*, literals to themselves."""

    async def resolver(host, port):
        try:
            return [str(ip_address(host))]
        except ValueError:
            return addresses

    class Standing(Door):
        async def _connect(self, checked, port):
            raise Reached

    try:
        asyncio.run(Standing(resolver=resolver).request("GET", url))
    except Reached:
        return True
    except (DoorRefused, DoorUnreachable):
        return False
    raise AssertionError("neither refused nor reached")


@pytest.mark.parametrize("address", [*INTERNAL_V4, *INTERNAL_V6])
def test_an_internal_address_is_not_public(address):
    assert reason_against(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is(address):
    assert reason_against(ip_address(address)) == ""


@pytest.mark.parametrize("address", INTERNAL_V4)
def test_no_spelling_of_an_internal_address_passes(address):
    hosts = [address, *spellings(address)]
    assert [host for host in hosts for scheme in ("http", "https") if passes(f"{scheme}://{host}/")] == []


@pytest.mark.parametrize("address", [*INTERNAL_V4, "8.8.8.8"])
def test_no_odd_spelling_is_read_as_a_host_at_all(address):
    def read(host):
        try:
            return parse_host(host)
        except DoorRefused:
            return None

    assert [host for host in spellings(address) if read(host) is not None] == []


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "example.com", "8.8.8.8"])
def test_no_wrapping_of_a_host_passes(host):
    assert [url for url in wrapped(host) if passes(url, ("8.8.8.8",))] == []


@pytest.mark.parametrize("host", ODD)
def test_what_is_no_host_is_refused(host):
    with pytest.raises(DoorRefused) as refused:
        parse_host(host)
    assert refused.value.code == "url-refused"
    assert refused.value.fix


@pytest.mark.parametrize("url", HONEST)
def test_an_honest_url_is_read(url):
    assert parse_url(url).host
    assert passes(url, ("8.8.8.8",)) is url.startswith("https")


@pytest.mark.parametrize("address", [*INTERNAL_V4, *INTERNAL_V6])
def test_a_name_that_resolves_to_an_internal_address_is_refused(address):
    assert not passes("https://rebound.example/", (address,))
    assert not passes("https://rebound.example/", ("8.8.8.8", address))


@pytest.mark.parametrize("address", sorted(map(str, NEVER)))
@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_no_list_opens_an_address_that_hands_out_credentials(address, network):
    assert not AllowList([network]).allows(ip_address(address), 80)


@pytest.mark.parametrize("address", ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"])
def test_nor_one_in_disguise(address):
    assert not AllowList(["::/0"]).allows(ip_address(address), 80)


def test_a_list_opens_a_network_at_one_port_or_at_all():
    allowed = AllowList(["10.0.0.0/8:22", "192.168.1.0/24", "[fd00:1::/32]:443", "::1/128"])

    def opens(address, port):
        return allowed.allows(ip_address(address), port)

    assert [opens("10.1.2.3", 22), opens("10.1.2.3", 23), opens("192.168.1.9", 7), opens("192.168.2.9", 7)] == [
        True,
        False,
        True,
        False,
    ]
    assert [opens("fd00:1::5", 443), opens("fd00:1::5", 80), opens("::1", 9), opens("::ffff:192.168.1.9", 7)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_list_that_is_none_is_refused():
    with pytest.raises(ValueError, match="no network"):
        AllowList(["10.0.0.0/8", "everything"])
