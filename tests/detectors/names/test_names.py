from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privscan
from privscan import config, detectors
from privscan.detectors.names import Names, joined, link, network, reader, sober, words
from privscan.detectors.names.spans import Name
from privscan.errors import ConfigError
from privscan.model import Leaf, LeafKind

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"0123456789abcdef0123456789abcdef"
LETTER = "Dear Mrs. Whitmore,\n\nmy colleague Jonathan Berg will call you.\n\nKind regards,\nBeatrice Lindqvist"


@pytest.fixture(scope="module")
def names(cache_dir: str) -> Names:
    return Names(config.settings("scan", cache_dir=cache_dir))


def leaf(text: str, kind: LeafKind = LeafKind.STRING) -> Leaf:
    return Leaf(0, "/text", "text", text, kind, None)


def found(names: Names, text: str) -> list[str]:
    return [text[match.span.start : match.span.end] for match in names.detect([leaf(text)]).get(0, [])]


def test_people_in_a_letter(names: Names) -> None:
    assert found(names, LETTER) == ["Whitmore", "Jonathan Berg", "Beatrice Lindqvist"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("The river rises in spring and the meadow is under water.", id="prose"),
        pytest.param("for item in items:\n    total += item.price\n", id="code"),
        pytest.param("Hello <PERSON>, this is <PERSON:0f3a9c2b7d1e4f60> of accounting.", id="redacted"),
        pytest.param("Hello Jorvqulullavqe, this is Klendararlavqe Zolvumekdexo.", id="pseudonyms"),
        pytest.param("", id="nothing"),
        pytest.param("\x1e\x1e\x1e", id="walls"),
        pytest.param("\ud800 \udfff", id="halves of pairs"),
    ],
)
def test_nobody(names: Names, text: str) -> None:
    assert found(names, text) == []


@pytest.mark.parametrize(
    ("text", "person"),
    [
        pytest.param("Včera volal Teodor Vaněk, že přijde.", "Teodor Vaněk", id="cs"),
        pytest.param("Kontrakten ble signert av daglig leder Kari Nordmann i Bergen.", "Kari Nordmann", id="nb"),
        pytest.param("A szerződést Szabó Gábor írta alá.", "Szabó Gábor", id="hu"),
        pytest.param("Rapat dipimpin oleh Teguh Purnawati. Anda diharapkan hadir.", "Teguh Purnawati", id="id"),
        pytest.param("Avukat Mehmet Yılmaz dosyayı mahkemeye sundu.", "Mehmet Yılmaz", id="tr"),
        pytest.param("Contractul a fost semnat de Mihai Popescu la București.", "Mihai Popescu", id="ro"),
        pytest.param("Kiitos kun kirjoitit. Terveisin Irmeli", "Irmeli", id="fi"),
    ],
)
def test_people_in_further_languages(names: Names, text: str, person: str) -> None:
    assert [person in value for value in found(names, text)] == [True]


def test_keys_and_numbers_are_no_text(names: Names) -> None:
    assert names.detect([leaf("Jonathan Berg", LeafKind.KEY), leaf("12", LeafKind.NUMBER)]) == {}


FILLER = st.lists(st.sampled_from([LETTER, "x", "", "\n", "Ask Jonathan.", "\x1e" * 7, "Émile 12"]), max_size=6)


@settings(max_examples=25)
@given(FILLER, FILLER)
def test_neighbours_do_not_matter(names: Names, before: list[str], after: list[str]) -> None:
    alone = names.detect([leaf(LETTER)])[0]
    fresh = reader.Reader(network.load())
    among = dict(fresh.names([*before, LETTER, *after]))[LETTER]
    assert [tuple(match.span) for match in alone] == [(name.start, name.end) for name in among if name.kind == 1]


def test_long_texts_are_read_in_pieces() -> None:
    read = reader.Reader(network.load())
    filler = "the meadow is under water for weeks. " * 1000
    text = f"{filler}my colleague Jonathan Berg will call. {filler}"
    shifted = [text[at:] for at in range(0, 370, 37)]  # whole sentences
    for piece, found_in in dict(read.names(shifted)).items():
        assert [piece[name.start : name.end] for name in found_in if name.kind == 1] == ["Jonathan Berg"]


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "KEPT", 3 * len(LETTER))
    read = reader.Reader(network.load())
    for number in range(9):
        (text, once), (_, again) = (next(read.names([f"{LETTER} {number}"])) for _ in range(2))
        assert once == again
        assert text in read._kept
        assert sum(map(len, read._kept)) <= reader.KEPT


@pytest.mark.parametrize("room", [16, 300])
def test_little_room_changes_nothing(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        f"{LETTER} {' '.join(f'word{number}{at}' for at in range(number * 7))} Ask Ann Lee." for number in range(30)
    ]
    wall = words.WALL_MARK * words.WALLS
    seen = [words.split(f"{wall}{text}{wall}") for text in texts]
    plenty = network.Tagger(network.load())
    expected = [plenty.logits(found_in) for found_in in seen]
    monkeypatch.setattr(network, "SHARED", room)
    monkeypatch.setattr(network, "SLOTS", 64)
    little = network.Tagger(network.load())
    for found_in, (asked, logits) in zip(seen, expected, strict=True):
        same, others = little.logits(found_in)
        assert (asked == same).all()
        assert (logits == others).all()


def test_its_matrices_take_one_thread() -> None:
    from threadpoolctl import ThreadpoolController

    def threads() -> set[int]:
        return {entry["num_threads"] for entry in ThreadpoolController().select(user_api="blas").info()}

    during: list[set[int]] = []

    class Watched(network.Tagger):
        def looked_up(self, found: words.Words) -> Any:
            during.append(threads())
            return super().looked_up(found)

    with ThreadpoolController().limit(limits=2):
        before = threads()
        Watched(network.load()).logits(words.split(f"{words.WALL_MARK * words.WALLS}{LETTER}"))
        assert threads() == before
    assert during == [{1} if before else set()]


def test_changed_weights_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "weights.npz"
    broken.write_bytes(network.WEIGHTS.read_bytes() + b"\0")
    monkeypatch.setattr(network, "WEIGHTS", broken)
    network.load.cache_clear()
    with pytest.raises(ConfigError, match=r"not those of this version \(SHA-256\)"):
        network.load()
    network.load.cache_clear()


@pytest.mark.parametrize(
    ("policy", "expected"), [("standard", True), ("gdpr", True), ("web", False), ("secrets", False), ("pci", False)]
)
def test_only_policies_with_names_load_the_tagger(policy: str, expected: bool, cache_dir: str) -> None:
    asked = config.settings("scan", policy=policy, cache_dir=cache_dir)
    assert ("names" in {rule.detector for rule in asked.rules}) is expected


def test_a_run_without_names_loads_no_tagger(cache_dir: str) -> None:
    asked = config.settings("scan", select=["pii.email"], cache_dir=cache_dir)
    assert not any(isinstance(detector, Names) for detector in detectors.build(asked))


def test_pseudonyms_are_names_and_stay_with_the_person(tmp_path: Path, cache_dir: str) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text(
        'id = "p"\nname = "P"\nselect = ["pii.person"]\ndetectors = ["names"]\n[default]\noperator = "pseudonym"\n'
    )
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in (LETTER, "Ask Jonathan Berg, please.")))
    privscan.clean(str(source), str(tmp_path / "out"), policy=str(policy), cache_dir=cache_dir, key=KEY, workers=1)
    first, second = (json.loads(line)["text"] for line in (tmp_path / "out/data/a.jsonl").read_text().splitlines())
    surrogate = second.removeprefix("Ask ").removesuffix(", please.")
    assert surrogate in first
    assert not {"Whitmore", "Jonathan", "Berg", "Lindqvist"} & set(first.replace(",", " ").split())
    again = privscan.scan(str(tmp_path / "out/data"), policy=str(policy), cache_dir=cache_dir, key=KEY, workers=1)
    assert not again.tally.findings


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        pytest.param("/user/first_name", "zlatka", 1, id="a first name, whatever it looks like"),
        pytest.param("/patientName", "Okonkwo, Adaeze", 1, id="camel case"),
        pytest.param("/messages/0/author", "Thomas Whitmore", 1, id="an author who looks like one"),
        pytest.param("/messages/0/role", "assistant", 0, id="a role"),
        pytest.param("/speaker", "agent", 0, id="a speaker by role"),
        pytest.param("/first_name", "<PERSON>", 0, id="redacted"),
        pytest.param("/product/name", "Blue Widget", 0, id="a thing"),
        pytest.param("/last_name", "n/a 12", 0, id="no letters"),
    ],
)
def test_fields_that_hold_names(names: Names, field: str, value: str, expected: int) -> None:
    held = Leaf(0, field, field.rpartition("/")[2], value, LeafKind.STRING, None)
    assert len(names.detect([held]).get(0, [])) == expected


def test_other_mentions_in_the_record(names: Names) -> None:
    leaves = [
        leaf(LETTER),
        leaf("see jonathanberg on chat; Berg's notes; JONATHAN came; the iceberg"),
        leaf("The berg drifted south."),
    ]
    linked = names.detect(leaves)[1]
    text = leaves[1].text
    assert {text[m.span.start : m.span.end] for m in linked} >= {"jonathanberg", "Berg", "JONATHAN"}
    assert 2 not in names.detect(leaves)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Contact page for the office in Reno.", id="small letters among capitals"),
        pytest.param("value = julian.parse(row)\n", id="an attribute"),
        pytest.param("class Smith(object):\n    pass\n", id="a class"),
        pytest.param("0x010d: 0x009f,  #  LATIN SMALL LETTER C WITH CARON", id="a character"),
        pytest.param("'\\u0e41'   #  0xE1 -> THAI CHARACTER SARA AE", id="another"),
    ],
)
def test_second_thoughts(names: Names, text: str) -> None:
    assert found(names, text) == []


@pytest.mark.parametrize(
    ("text", "value", "stands"),
    [
        ("Lines end with CRLF here.", "CRLF", False),
        ("The LooseVersion says so.", "LooseVersion", False),
        ("ask @FjordLantern now", "FjordLantern", True),
        ("Michael and McLay went.", "McLay", True),
        ("ASK ZORVUK NOW", "ZORVUK", True),
        ("our SMITH went", "SMITH", True),
        ("Ad Soyad: Giz", "Ad Soyad", False),
        ("EAN 7266935963244", "EAN 7266935963244", False),
        ("Ean went home", "Ean", True),
        ("@dataclass @fjord", "dataclass", False),
        ("Dawn French sang", "Dawn French", True),
        ("al Hospital Universitario Doctor Peset fue", "Peset", False),
        ("en la Calle del Gral. Saavedra vive", "Saavedra", False),
        ("on Ivanović Street they", "Ivanović", False),
        ("with Parkinson's disease since", "Parkinson", False),
        ("a Turing machine halts", "Turing", False),
        ("signo de Hamman positivo", "Hamman", False),
        ("aboard USS Sörös today", "Sörös", False),
        ("the Farnsworth-Munsell chart", "Farnsworth", False),
        ("ask Peter's doctor about it", "Peter", True),
        ("am 3. Mai kam", "Mai", False),
        ("Jika Anda ingin, klik untuk itu", "Jika Anda", False),
        ("Anda Popescu sang", "Anda Popescu", True),
        ("Grüße, Ihr Kundenservice", "Ihr Kundenservice", False),
        ("and Zoolander is a 2001 American film.", "Zoolander", False),
        ("Redlin is a software engineer at", "Redlin", True),
        ("the Pinus sylvestris grows", "Pinus sylvestris", False),
        ("KRS: 0000401969", "KRS", False),
        ("the Riemann hypothesis holds", "Riemann", False),
        ("Dr. Ana Soto Hospital General", "Ana Soto", True),
        ("Vänliga hälsningar", "Vänliga hälsningar", False),
        ("Maria Hall sang there", "Maria Hall", True),
        (r"Sara said \"I'm Timothy\'s child", "Timothy", True),
    ],
)
def test_what_speaks_against_a_name(text: str, value: str, stands: bool) -> None:
    start = text.index(value)
    assert bool(sober.kept(text, [Name(start, start + len(value), sober.PERSON, 0.9)])) is stands


def test_a_handle_is_told_with_its_sign(names: Names) -> None:
    assert found(names, "so proud of @JonathanBerg today") == ["@JonathanBerg"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chair: MarekNowak\nMinutes: BeataSzymańska", ["MarekNowak", "BeataSzymańska"]),
        ("wniosek TomaszowiWróblowi oddano", ["TomaszowiWróblowi"]),
        ("pd.DataFrame, JasonSchema, RobinHood, GrantType(x), JohnSmith()", []),
    ],
)
def test_names_written_as_one_word(text: str, expected: list[str]) -> None:
    assert [text[name.start : name.end] for name in joined.found(text)] == expected


def test_no_other_mention_within_an_address(names: Names) -> None:
    value = "Jonathan Berg wrote from jonathan.berg@fjord-mail.net, Berg from berg@fjord-mail.net"
    assert found(names, value) == ["Jonathan Berg", "Berg"]


def test_strange_words_are_not_followed() -> None:
    assert list(link.mentions("the Zorvuk Qelm, and Qelm", *link.forms(["Zorvuk Qelm"]))) == []
    assert len(list(link.mentions("the Zorvuk Qelm, and Qelm", *link.forms(["Zorvuk Qelm", "Qelm"])))) == 2
