"""Corpora made from a seed: records of about 2 KB of real prose, values of known place planted in some of them."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan.validators.tokens import BASE62, base62_crc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PIECE = 2000  # characters of a record, from one text where it is that long
SNIPPET = 250  # characters
SNIPPETS = 8  # as many make a text of a record's size
PROSE = 20_000_000  # characters are enough to draw from
BLOCK = 50  # records written at a time
KEPT = 1000  # records a copy is drawn from
DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Mix:
    """How often values are planted: in a `share` of the records, one to `most` each.

    `copies` is the share of records that repeat an earlier one, every second of them with a word added.
    """

    name: str
    share: float
    most: int
    copies: float = 0.0


LOW = Mix("low", 0.015, 2)  # with what plain prose holds, about 2.7 % of the records end up with a finding
HIGH = Mix("high", 1.0, 4)
COPIES = Mix("copies", 0.015, 2, copies=0.2)


def prose(data: Path | None) -> list[str]:
    """Return pieces of about PIECE characters: from the plain corpora of `data`, else the standard library's source.

    A longer text is cut between two words, shorter ones are joined. Raw e-mails and documents full of authors'
    addresses are left out: what is planted should be what is found.
    """
    pieces: list[str] = []
    total, short = 0, ""
    for text in plain(data) if data else library():
        total += len(text)
        short += text.encode("utf-8", "replace").decode() + "\n\n"
        while len(short) >= PIECE:
            cut = short.rfind(" ", PIECE // 2, PIECE) + 1 or PIECE
            pieces.append(short[:cut])
            short = short[cut:]
        short = "" if len(text) >= PIECE else short
        if total > PROSE:
            break
    return pieces or [short] * bool(short)


def snippets(data: Path | None) -> list[str]:
    """Return the same prose in snippets, for texts put together of what nobody else has beside it."""
    return [
        piece[start : start + SNIPPET]
        for piece in prose(data)
        for start in range(0, max(len(piece) - SNIPPET, 1), SNIPPET)
    ]


def plain(data: Path) -> Iterator[str]:
    for file in sorted((data / "corpora").glob("*.jsonl")):
        if not file.name.startswith(("emails", "peps")):
            with file.open(encoding="utf-8") as lines:
                yield from (row["text"] for row in map(json.loads, lines) if "text" in row)


def library() -> Iterator[str]:
    """Yield the sources of the Python standard library, tests and installed packages left out."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for file in sorted(root.rglob("*.py")):
        if not {"site-packages", "dist-packages", "test", "tests", "idlelib"} & set(file.relative_to(root).parts):
            yield file.read_text(encoding="utf-8", errors="replace")


# ---------------------------------------------------------------- values


def _pick(rng: random.Random, count: int, alphabet: str = DIGITS) -> str:
    return "".join(rng.choices(alphabet, k=count))


def _luhn(body: str) -> str:
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(body))
    )
    return body + str(-total % 10)


def _iban(rng: random.Random) -> str:
    body = _pick(rng, 18)
    return f"DE{98 - int(f'{body}131400') % 97:02d}{body}"


def _pesel(rng: random.Random) -> str:
    body = f"{rng.randint(50, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{_pick(rng, 4)}"
    total = sum(int(digit) * weight for digit, weight in zip(body, (1, 3, 7, 9) * 3, strict=False))
    return body + str(-total % 10)


def _github(rng: random.Random) -> str:
    body = _pick(rng, 30, BASE62)
    return f"ghp_{body}{base62_crc(body)}"


def _mail(rng: random.Random) -> str:
    name = _pick(rng, rng.randint(4, 9), "abcdefghijklmnoprstuvw")
    host = f"{_pick(rng, 7, 'aeiklmnorst')}.{rng.choice(('com', 'org', 'de', 'co.uk'))}"
    return f"{name}.{_pick(rng, 5, 'aeiklmnorst')}@{host}"


def _phone(rng: random.Random) -> str:
    return f"+1 212-{rng.randint(200, 554)}-{_pick(rng, 4)}"


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _address(rng: random.Random) -> str:
    return ".".join(("85", *(str(rng.randint(11, 250)) for _ in range(3))))


def _aws(rng: random.Random) -> str:
    return "AKIAQ" + _pick(rng, 15, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


VALUES: tuple[tuple[str, str, Callable[[random.Random], str]], ...] = (  # label, sentence, maker
    ("EMAIL", "You can write to {} about it.", _mail),
    ("EMAIL", "From: {}", _mail),
    ("PHONE", "Call me at {} after six.", _phone),
    ("SSN", "Her social security number is {}.", _ssn),
    ("CARD", "It was paid with card {} yesterday.", lambda rng: _luhn("4539" + _pick(rng, 11))),
    ("IBAN", "Send it to IBAN {} today.", _iban),
    ("PESEL", "PESEL {} is on file.", _pesel),
    ("IP_ADDRESS", "It was sent from {} last night.", _address),
    ("SECRET", "export GITHUB_TOKEN={}", _github),
    ("SECRET", "aws_access_key_id = {}", _aws),
)


# ---------------------------------------------------------------- records


@dataclass(slots=True)
class Record:
    """A text and what was planted in it, as (start, end, label) in code points."""

    text: str
    spans: list[tuple[int, int, str]]


def records(pieces: Sequence[str], mix: Mix, seed: int) -> Iterator[Record]:
    """Yield records without end; the same pieces, mix and seed give the same ones."""
    rng = random.Random(f"{mix.name} {seed}")
    drawn = _drawn(rng, pieces)
    kept: list[Record] = []
    while True:
        if kept and rng.random() < mix.copies:
            yield _copy(rng, rng.choice(kept))
            continue
        record = _record(rng, next(drawn), mix)
        if mix.copies and len(kept) < KEPT:
            kept.append(record)
        elif mix.copies:
            kept[rng.randrange(KEPT)] = record
        yield record


def _drawn(rng: random.Random, pieces: Sequence[str]) -> Iterator[str]:
    """Yield every piece once, then halves of two: a text that comes again is soon known and costs less."""
    yield from rng.sample(pieces, len(pieces))
    while True:
        first, second = rng.choice(pieces), rng.choice(pieces)
        yield first[: len(first) // 2] + second[len(second) // 2 :]


def _record(rng: random.Random, piece: str, mix: Mix) -> Record:
    count = rng.randint(1, mix.most) if rng.random() < mix.share else 0
    places = sorted(piece.rfind(" ", 0, rng.randrange(len(piece))) + 1 for _ in range(count))  # in front of a word
    text, spans = "", []
    for number, (start, stop) in enumerate(itertools.pairwise((0, *places, len(piece)))):
        if number:
            label, sentence, make = rng.choice(VALUES)
            before, _, behind = sentence.partition("{}")
            value = make(rng)
            text += f"\n{before}"
            spans.append((len(text), len(text) + len(value), label))
            text += f"{value}{behind}\n"
        text += piece[start:stop]
    return Record(text, spans)


def _copy(rng: random.Random, record: Record) -> Record:
    if rng.random() < 0.5:
        return record
    return Record(f"{record.text} {_pick(rng, 6, 'abcdefgh')}", record.spans)


def write(path: Path, source: Iterator[Record], size: float) -> int:
    """Write records as JSONL to `path` (.zst: one zstd frame) until there are `size` bytes; return how many there are.

    A file that is already there is believed: its size stands beside it.
    """
    note = path.with_name(f"{path.name}.bytes")
    if path.exists() and note.exists():
        return int(note.read_text())
    total = row = 0
    with _opened(path) as out:
        while total < size:
            block = [_line(row + place, next(source)) for place in range(BLOCK)]
            row += len(block)
            total += out.write(b"".join(block))
    note.write_text(str(total))
    return total


def recompress(plain_file: Path) -> Path:
    """Write a plain file's zstd copy beside it and return its name."""
    path = plain_file.with_name(f"{plain_file.name}.zst")
    if not path.exists():
        with plain_file.open("rb") as source, _opened(path) as out:
            shutil.copyfileobj(source, out, 1 << 20)
    return path


def _opened(path: Path) -> Any:
    if path.suffix == ".zst":
        import pyarrow as pa

        return pa.CompressedOutputStream(str(path), "zstd")
    return path.open("wb")


def _line(row: int, record: Record) -> bytes:
    return json.dumps({"id": row, "text": record.text}, ensure_ascii=False).encode() + b"\n"
