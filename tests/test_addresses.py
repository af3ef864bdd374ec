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
