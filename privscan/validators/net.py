"""Addresses of the net: e-mail domains, IP ranges, MAC blocks.

>>> ip("192.0.2.7").facts
('range:documentation', 'placeholder')
>>> ip("10.0.0.1").facts
('range:private',)
>>> ip("2.6.18.6").state
'shape'
"""

from __future__ import annotations

import ipaddress
import re

from privscan.validators import FAILED, PASSED, PLACEHOLDER, SHAPE, Verdict

# ISO 3166 codes with a registry, then the generic names people write mail to. One that is missing still counts as a
# shape: the address is reported where its context speaks for it.
COUNTRY = frozenset(
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd "
    "cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge "
    "gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh "
    "ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw "
    "mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk "
    "us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw".split()
)
_GENERIC = frozenset(
    """
    barcelona bayern beauty bible boats bond bzh capetown catholic cfd cricket cymru cyou desi download durban eus
    faith forum frl gal gdn gent hair icu irish istanbul ist joburg kiwi krd kyoto lat lgbt makeup maori mba mom
    monster moscow nagoya nrw okinawa osaka quest rest ruhr ryukyu saarland sbs select skin storage stockholm taipei
    tatar tirol trust vlaanderen wang xin yachts yokohama zuerich academy accountant accountants adult aero africa
    agency amsterdam app army art asia associates attorney auction audio auto autos baby band bank bar bargains beer
    berlin best bet bible bid bike bio biz black blog blue boston boutique brussels build builders business buzz cab
    cafe camera camp capital car cards care career careers cars casa cash casino cat catering center charity chat
    cheap church city claims cleaning click clinic clothing cloud club coach codes coffee college cologne com
    community company computer condos construction consulting contact contractors cool coop country coupons courses
    credit cruises dance date dating deals degree delivery democrat dental dentist design dev diamonds diet digital
    direct directory discount doctor dog domains earth edu education email energy engineer engineering enterprises
    equipment estate events exchange expert express family fans farm fashion film finance financial fish fit fitness
    flights florist fm foundation fun fund furniture fyi gallery game games garden gay gift gifts gives glass global
    gmbh gold golf gov graphics gratis green group guide guru hamburg haus health healthcare help hiphop hockey
    holdings holiday homes horse hospital host hosting hotel house how inc industries info ink institute insurance
    insure int international investments jetzt jewelry jobs kaufen kim kitchen koeln land law lawyer lease legal life
    lighting limited limo link live llc loan loans lol london love ltd luxury management market marketing markets mba
    media medical melbourne memorial men menu miami mil mobi mobile moda moe money museum music name net network news
    nexus ngo ninja nyc observer one ong online org organic page paris partners parts party pet phd photo photography
    photos physio pics pictures pink pizza place plumbing plus poker post press pro productions promo properties
    property pub quebec racing radio realestate recipes red rehab reise reisen rent rentals repair report republican
    rest restaurant review reviews rip rocks run sale salon school science scot security services sex sexy shiksha
    shoes shop shopping show singles site ski soccer social software solar solutions space sport store stream studio
    study style supplies supply support surf surgery swiss sydney systems tattoo tax taxi team tech technology tel
    tennis theater tips tires today tokyo tools top tours town toys trade trading training travel tube university uno
    vacations vegas ventures vet video villas vin vip vision vodka vote voyage wales watch webcam website wedding wien
    wiki win wine work works world wtf xxx xyz yoga zone
    """.split()
)
_RESERVED = ("example", "test", "invalid", "localhost")
_EXAMPLE = ("example.com", "example.net", "example.org", "example.edu", "domain.com", "yourdomain.com", "email.com")

_DOCUMENTATION = tuple(
    ipaddress.ip_network(block)
    for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "233.252.0.0/24", "2001:db8::/32", "3fff::/20")
)
# Groups of well-known protocols: multicast of IPv4 and IPv6, bridges, Cisco's; and everybody.
# IPv4 and IPv6 multicast, bridges, Cisco, precision time, IS-IS, DECnet, NetBIOS, industrial buses, broadcast
_GROUPS = (
    "01005e",
    "3333",
    "0180c2",
    "01000c",
    "011b19",
    "01000e",
    "090009",
    "09002b",
    "ab0000",
    "030000",
    "010ecf",
    "010c",
    "ffffff",
)
_SAMPLE_MACS = frozenset(
    "001122334455 112233445566 123456789abc 0123456789ab aabbccddeeff 001a2b3c4d5e 1a2b3c4d5e6f deadbeefcafe".split()
)
_AT = re.compile(r"(?i)\s?[\[({<]\s?(?:at|@|arroba|klammeraffe)\s?[\])}>]\s?|\s(?:at|arroba)\s")
_DOT = re.compile(r"(?i)\s?[\[({<]\s?(?:dot|\.|punkt|punto|point)\s?[\])}>]\s?|\s(?:dot|punkt|punto|point)\s")
_LOW = 32  # version numbers seldom go higher in all four parts
# Public resolvers, which are nobody's, and the counting addresses of documentation.
_RESOLVERS = frozenset(
    "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 4.2.2.2 1.2.3.4 "
    "123.45.67.89 12.34.56.78 123.123.123.123 2001:4860:4860::8888 2001:4860:4860::8844 2606:4700:4700::1111".split()
)
_SHORT = 9  # characters: four parts that short are a section of a standard
_UNICAST = ipaddress.ip_network("2000::/3")  # all that was ever given out
_SHARED = ipaddress.ip_network("100.64.0.0/10")


def email(value: str) -> Verdict:
    """Check an address's top-level domain; addresses at reserved example domains are placeholders (RFC 2606)."""
    domain = value.rpartition("@")[2].lower()
    top = domain.rpartition(".")[2]
    if top in _RESERVED or domain.endswith(_EXAMPLE):
        return Verdict("passed", ("domain:reserved", PLACEHOLDER))
    known = top in COUNTRY or top in _GENERIC or top.startswith("xn--") or not top.isascii()
    return PASSED if known else SHAPE


def email_written(value: str) -> Verdict:
    """Check an address whose at and dots are words or stand in brackets, as `email` does the one they stand for.

    >>> email_written("ines [at] fjordlight [dot] net").state, email_written("look at this dot then").state
    ('passed', 'failed')
    """
    plain = _DOT.sub(".", _AT.sub("@", value, count=1))
    found = email(plain)
    return FAILED if found is SHAPE or " " in plain else found


def ip(value: str) -> Verdict:
    """Check that a value is an address somebody may be known by, and say which range it lies in.

    Private addresses single out nobody by themselves and four small numbers are rather a version: shapes both.
    Fails for the unspecified address, loopback, multicast, broadcast and network masks: they say nothing of anybody.
    """
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return FAILED
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return _placed(str(address) if address.version == 4 else value, address)


def _placed(value: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Verdict:
    """Say what the range an address lies in makes of it."""
    if any(address in block for block in _DOCUMENTATION if block.version == address.version):
        return Verdict("passed", ("range:documentation", PLACEHOLDER))
    if value in _RESOLVERS:
        return Verdict("passed", ("range:resolver", PLACEHOLDER))
    if address.is_unspecified or address.is_loopback or address.is_multicast or value.startswith(("255.", "0.")):
        return FAILED
    if address.is_link_local or address.is_private or (address.version == 4 and address in _SHARED):
        return Verdict("shape", ("range:private",))
    if address.version == 4 and (_like_version(address) or value.endswith(".0") or len(value) < _SHORT):
        return SHAPE
    if address.version == 6 and not _written_out(value, address):
        return SHAPE
    return Verdict("passed", ("range:public",))


def _like_version(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether four small numbers, or four below a hundred with a digit among them, may be a program's version."""
    return max(address.packed) < _LOW or (max(address.packed) < 100 and min(address.packed) < 10)


def _written_out(value: str, address: ipaddress.IPv6Address) -> bool:
    """Say whether an address is more than a few hex words between colons, which code and prose have too."""
    groups = [group for group in value.split("%", maxsplit=1)[0].split(":") if group]
    if address in _UNICAST:
        return len(groups) >= 3
    return len(groups) == 8 and sum(map(len, groups)) >= 20


def mac(value: str) -> Verdict:
    """Check a hardware address: not zero, not broadcast; tells a vendor's from one made up locally.

    The bit that makes it a group's is heeded for well-known protocols alone: Bluetooth's random addresses, and those
    made up for a test, take no notice of it.

    >>> mac("da:a1:19:8b:42:0c").facts, mac("01-23-45-67-89-AB").facts
    (('scope:local',), ('range:documentation', 'placeholder'))
    """
    number = "".join(c for c in value.lower() if c in "0123456789abcdef")
    if number.startswith("00005e0053") or number in _SAMPLE_MACS:
        return Verdict("passed", ("range:documentation", PLACEHOLDER))
    if len(number) != 12 or len(set(number)) < 3 or ("." in value and number.isdigit()) or number.startswith(_GROUPS):
        return FAILED
    bits = int(number[1], 16) & 3
    return Verdict("passed", ("scope:group" if bits & 1 else "scope:local" if bits & 2 else "scope:vendor",))
