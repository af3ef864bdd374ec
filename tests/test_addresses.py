"""The one rule for what may be connected to: IANA's registries, however an IPv4 address is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.addresses import is_public

PRIVATE = [
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "10.0.0.8",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.170",
    "192.88.99.2",
    "192.168.1.1",
    "198.19.0.1",
    "203.0.113.9",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "::10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "200::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:a00:1::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fd00::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2600:1f16::5efe:10.0.0.1",
]
PUBLIC = [
    "8.8.8.8",
    "172.32.0.1",
    "192.0.0.9",
    "2606:4700::1111",
    "2001:20::1",
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address):
    assert is_public(address)


# The rows of IANA's registries of special-purpose addresses, v4 and v6, with their "Globally Reachable".
# Below them multicast and site-local, which have registries of their own.
REGISTRIES = """
0.0.0.0/8 False           0.0.0.0/32 False          10.0.0.0/8 False          100.64.0.0/10 False
127.0.0.0/8 False         169.254.0.0/16 False      172.16.0.0/12 False       192.0.0.0/24 False
192.0.0.0/29 False        192.0.0.8/32 False        192.0.0.9/32 True         192.0.0.10/32 True
192.0.0.170/32 False      192.0.0.171/32 False      192.0.2.0/24 False        192.31.196.0/24 True
192.52.193.0/24 True      192.88.99.0/24 False      192.88.99.2/32 False      192.168.0.0/16 False
192.175.48.0/24 True      198.18.0.0/15 False       198.51.100.0/24 False     203.0.113.0/24 False
240.0.0.0/4 False         255.255.255.255/32 False
::1/128 False             ::/128 False              ::ffff:0:0/96 False       64:ff9b::/96 True
64:ff9b:1::/48 False      100::/64 False            100:0:0:1::/64 False      2001::/23 False
2001::/32 False           2001:1::1/128 True        2001:1::2/128 True        2001:1::3/128 True
2001:2::/48 False         2001:3::/32 True          2001:4:112::/48 True      2001:10::/28 False
2001:20::/28 True         2001:30::/28 True         2001:db8::/32 False       2002::/16 False
2620:4f:8000::/48 True    3fff::/20 False           5f00::/16 False           fc00::/7 False
fe80::/10 False
224.0.0.0/4 False         ff00::/8 False            fec0::/10 False
"""
ROWS = [
    (ipaddress.ip_network(block), said == "True")
    for block, said in zip(REGISTRIES.split()[::2], REGISTRIES.split()[1::2], strict=True)
]
# An IPv4 address stands in these, and decides.
WITH_IPV4_INSIDE = [
    ipaddress.ip_network(block) for block in ("64:ff9b::/96", "2002::/16", "::ffff:0:0/96", "2001::/32")
]


@pytest.mark.parametrize(("block", "reachable"), ROWS, ids=[str(block) for block, _ in ROWS])
def test_a_row_of_the_registries(block, reachable):
    narrower = [
        each for each, _ in ROWS if each.version == block.version and each.prefixlen > block.prefixlen
    ]
    for place in (0, 1, block.num_addresses // 3, block.num_addresses // 2, block.num_addresses - 1):
        address = block[min(place, block.num_addresses - 1)]
        if any(address in each for each in narrower):
            continue
        if block in WITH_IPV4_INSIDE:
            continue
        assert is_public(address) == reachable, address


@pytest.mark.parametrize(("v4", "reachable"), [row for row in ROWS if row[0].version == 4], ids=str)
@pytest.mark.parametrize("way", ["nat64", "6to4", "mapped", "compatible", "translated"])
def test_a_row_stays_what_it_is_however_ipv6_writes_it(v4, reachable, way):
    number = int(v4[min(1, v4.num_addresses - 1)])
    high = {"nat64": 0x64FF9B << 96, "mapped": 0xFFFF << 32, "compatible": 0, "translated": 0xFFFF << 48}
    written = (0x2002 << 112) | (number << 80) if way == "6to4" else high[way] | number
    if not any(v4[0] in each for each, _ in ROWS if each.version == 4 and each.prefixlen > v4.prefixlen):
        assert is_public(ipaddress.IPv6Address(written)) == reachable


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_however_ipv6_writes_it(address):
    number = int(address)
    for written in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
    ):
        assert is_public(written) == is_public(address)


# Python's own list took their exceptions in at different versions.
PROTOCOL = [ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("2001::/23")]


@given(st.ip_addresses())
def test_nothing_is_public_that_python_knows_as_private(address):
    if is_public(address) and not any(address in block for block in PROTOCOL):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "300.1.1.1"])
def test_no_address(text):
    with pytest.raises(ValueError, match="address"):
        is_public(text)
