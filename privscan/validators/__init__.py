"""Named checks on a matched string: what a checksum, a parser or an issuer's structure says of it.

A check is a pure function `str -> Verdict` and never raises on any string. `TABLE` maps the names rules use to where
each check lives, and imports it on first use. To add a check is a function in a leaf file and a line here; one
that python-stdnum knows is a line alone.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.validators.countries import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["FAILED", "NOT_APPLICABLE", "PASSED", "PLACEHOLDER", "SHAPE", "TABLE", "Verdict"]


class Verdict(NamedTuple):
    """What a check found. `state` is one of "passed", "failed", "shape" (well formed, nothing proved), "n/a".

    `facts` are words for the evidence ("brand:visa", "mode:test"); never the value or a piece of it. The fact
    "placeholder" says that the value is a published sample.
    """

    state: str
    facts: tuple[str, ...] = ()


PASSED: Final = Verdict("passed")
FAILED: Final = Verdict("failed")
SHAPE: Final = Verdict("shape")
NOT_APPLICABLE: Final = Verdict("n/a")
PLACEHOLDER: Final = "placeholder"


class _Table(Mapping[str, "Callable[[str], Verdict]"]):
    """Names -> checks; a check's file is imported when it is first asked for."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._found: dict[str, Callable[[str], Verdict]] = {}

    def __getitem__(self, name: str) -> Callable[[str], Verdict]:
        check = self._found.get(name)
        if check is None:
            plain, _, about = name.partition("/")  # "phone_in/DE,AT": the check asks for something more
            found: Callable[..., Verdict] = _find(self._places[plain])
            check = self._found[name] = functools.partial(found, about=about) if about else found
        return check

    def __contains__(self, name: object) -> bool:
        return name in self._places  # without importing it

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _find(place: str) -> Callable[[str], Verdict]:
    if "stdnum." in place:
        from privscan.validators.national import scanned, stdnum

        way, _, module = place.rpartition(" ")
        return scanned(stdnum(module)) if way == "read" else stdnum(module, written=way == "written")
    module, function = place.split(":")
    check: Callable[[str], Verdict] = getattr(importlib.import_module(f"privscan.validators.{module}"), function)
    return check


# "file:function" is ours; "stdnum.…" is a module of python-stdnum, run through `national.stdnum`; "written" says that
# only the number's written form, with its separators or letters, is proof: a bare run of its digits is a shape; "read"
# that letters a scanner takes for digits are read as those.
TABLE: Final = _Table(
    {
        **NUMBERS,
        "aba": "bank:aba",
        "account": "bank:account",
        "age_key": "tokens:age_key",
        "ar_cbu": "stdnum.ar.cbu",
        "ar_cuit": "written stdnum.ar.cuit",
        "at_vnr": "stdnum.at.vnr",
        "atlassian": "tokens:atlassian",
        "au_abn": "stdnum.au.abn",
        "au_tfn": "stdnum.au.tfn",
        "aws_key": "tokens:aws_key",
        "azure_key": "checksums:azure_key",
        "basic_auth": "secret:basic_auth",
        "be_ssn": "written stdnum.be.ssn",
        "bedrock": "checksums:bedrock",
        "bg_egn": "stdnum.bg.egn",
        "bic": "bank:bic",
        "bip38": "wallet:bip38",
        "bip39": "mnemonic:bip39",
        "birth_date": "dates:birth_date",
        "br_cnpj": "written stdnum.br.cnpj",
        "br_cpf": "written stdnum.br.cpf",
        "ca_sin": "stdnum.ca.sin",
        "card": "card:card",
        "card_range": "card:card_range",
        "ch_ssn": "stdnum.ch.ssn",
        "cl_rut": "written stdnum.cl.rut",
        "cn_ric": "national:cn_ric",
        "co_nit": "stdnum.co.nit",
        "confluent": "checksums:confluent",
        "coordinates": "geo:coordinates",
        "crypto": "crypto:crypto",
        "cz_rc": "written stdnum.cz.rc",
        "data_center": "checksums:data_center",
        "de_idnr": "national:de_idnr",
        "de_kvnr": "national:de_kvnr",
        "de_rvnr": "national:de_rvnr",
        "discord": "tokens:discord",
        "do_cedula": "written stdnum.do.cedula",
        "ec_ci": "stdnum.ec.ci",
        "ee_ik": "stdnum.ee.ik",
        "eid": "card:eid",
        "email": "net:email",
        "email_written": "net:email_written",
        "entropy": "secret:least_entropy",
        "es_ccc": "written stdnum.es.ccc",
        "es_nie": "stdnum.es.nie",
        "ethereum_key": "wallet:ethereum_key",
        "extended_key": "wallet:extended_key",
        "fr_nif": "stdnum.fr.nif",
        "fr_nir": "written stdnum.fr.nir",
        "fr_siret": "stdnum.fr.siret",
        "gb_utr": "stdnum.gb.utr",
        "github": "tokens:github",
        "github_fine": "checksums:github_fine",
        "gitlab": "tokens:gitlab",
        "gr_amka": "stdnum.gr.amka",
        "gr_vat": "stdnum.gr.vat",
        "grafana": "tokens:grafana",
        "grafana_cloud": "checksums:grafana_cloud",
        "hk_id": "national:hk_id",
        "hr_oib": "stdnum.hr.oib",
        "iban": "bank:iban",
        "id_nik": "stdnum.id.nik",
        "ie_pps": "stdnum.ie.pps",
        "il_idnr": "stdnum.il.idnr",
        "imei": "card:imei",
        "imsi": "stdnum.imsi",
        "in_aadhaar": "stdnum.in_.aadhaar",
        "in_epic": "stdnum.in_.epic",
        "in_gstin": "stdnum.in_.gstin",
        "in_pan": "stdnum.in_.pan",
        "ip": "net:ip",
        "is_kennitala": "written stdnum.is_.kennitala",
        "isni": "stdnum.isni",
        "issued": "issued:issued",
        "it_codicefiscale": "stdnum.it.codicefiscale",
        "it_iva": "stdnum.it.iva",
        "jfrog": "checksums:jfrog",
        "jp_in": "stdnum.jp.in_",
        "jwk": "keys:jwk",
        "jwt": "tokens:jwt",
        "kr_rrn": "written stdnum.kr.rrn",
        "kz_iin": "national:kz_iin",
        "lei": "stdnum.lei",
        "live_or_test": "checksums:live_or_test",
        "lt_asmens": "stdnum.lt.asmens",
        "luhn": "card:luhn",
        "mac": "net:mac",
        "macaroon": "checksums:macaroon",
        "meid": "stdnum.meid",
        "mixed": "issued:mixed",
        "mrz": "mrz:mrz",
        "mx_curp": "stdnum.mx.curp",
        "mx_rfc": "stdnum.mx.rfc",
        "my_nric": "written stdnum.my.nric",
        "nkey": "wallet:nkey",
        "nl_bsn": "stdnum.nl.bsn",
        "no_fodselsnummer": "written stdnum.no.fodselsnummer",
        "nostr": "wallet:nostr",
        "npm": "tokens:npm",
        "nz_ird": "stdnum.nz.ird",
        "onepassword": "checksums:onepassword",
        "opaque": "issued:opaque",
        "pe_cui": "stdnum.pe.cui",
        "pe_ruc": "stdnum.pe.ruc",
        "pem": "keys:pem",
        "phone": "phone:phone",
        "phone_dialled": "phone:phone_dialled",
        "phone_in": "phone:phone_in",
        "phone_national": "phone:phone_national",
        "phone_us": "phone:phone_us",
        "pk_cnic": "written stdnum.pk.cnic",
        "pl_id": "national:pl_id",
        "pl_pesel": "stdnum.pl.pesel",
        "pl_regon": "stdnum.pl.regon",
        "pt_cc": "stdnum.pt.cc",
        "putty": "keys:putty",
        "pypi": "tokens:pypi",
        "random": "secret:random",
        "rarity": "secret:least_rarity",
        "ro_cnp": "stdnum.ro.cnp",
        "ru_inn": "stdnum.ru.inn",
        "ru_snils": "national:ru_snils",
        "password": "secret:password",
        "secret": "secret:secret",
        "sendgrid": "checksums:sendgrid",
        "sentry": "checksums:sentry",
        "service_account": "keys:service_account",
        "sg_nric": "national:sg_nric",
        "si_emso": "stdnum.si.emso",
        "sk_rc": "written stdnum.sk.rc",
        "solana": "crypto:solana",
        "solana_key": "wallet:solana_key",
        "stellar": "wallet:stellar",
        "th_pin": "written stdnum.th.pin",
        "tr_tckimlik": "stdnum.tr.tckimlik",
        "tw_id": "national:tw_id",
        "ua_rntrc": "stdnum.ua.rntrc",
        "uk_nino": "national:uk_nino",
        "unlike": "secret:unlike",
        "url_password": "secret:url_password",
        "us_dea": "national:us_dea",
        "us_npi": "national:us_npi",
        "us_ssn": "national:us_ssn",
        "uy_rut": "stdnum.uy.rut",
        "ve_rif": "stdnum.ve.rif",
        "vercel": "tokens:vercel",
        "vin": "national:vin",
        "vn_mst": "stdnum.vn.mst",
        "wif": "wallet:wif",
        "without": "secret:without",
        "xrp_seed": "wallet:xrp_seed",
        "za_idnr": "weights:za_id",
        "zuplo": "checksums:zuplo",
    }
)
