"""Which rows repeat an earlier one: exact copies, then near copies by MinHash, each checked exactly.

Pass one signs the rows of every shard (`sign.Signer`), on any worker and in any order; `choose.choose` then joins the
shards and decides. A row is dropped only if it is equal to, or itself at or over the threshold with, a row that stays.
The result depends on the order of the rows alone, not on workers or on where shards begin.

This module holds the nouns and imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass

from privscan.errors import ConfigError, nearest

__all__ = [
    "BOILERPLATE",
    "CHATS",
    "METHODS",
    "POLICIES",
    "REPEATED",
    "SCOPES",
    "DedupSettings",
    "Duplicate",
    "Part",
    "Summary",
]

METHODS = ("exact", "near", "contained", "substring", "off")
POLICIES = ("first", "longest", "newest", "source", "fewest-findings")
CHATS = ("dialogue", "first-turn")
REPEATED = ("line", "paragraph", "field", "span")
SCOPES = ("record", "field", "paragraph", "line")
BOILERPLATE = 6


@dataclass(frozen=True, slots=True)
class DedupSettings:
    """How rows are compared, and which of them stay. ConfigError on a value that makes no sense.

    Similarity is the Jaccard index of the sets of lower-cased word `ngram`-grams ("contained": the part of the smaller
    set that the larger one holds); `threshold` is in (0, 1]. Two rows are compared when one of `bands` groups of `rows`
    MinHash values agrees; `seed` picks the hash functions. Of every family, `keep` rows stay, 0 for all of them; which
    come first is told by `keep_policy`: `keep_field` is where the date ("newest") or the source ("source") stands,
    `sources` name the sources that win, best first. Of a chat the whole `dialogue` is compared, or its `first-turn`.
    `memory` is what choosing may take, in bytes. `against` are files, folders or indexes whose rows come before all
    others and are never written; `index` is the file to save the signatures of the rows that stay to. With a `scope`
    other than "record" each "field", "paragraph" or "line" of what stays that stands in more than `over` records
    (-1: 6) is removed, but for the first `keep`; the method "substring" (exact copies first) does so with runs of 50
    words that stand in more than 0. `repeated` only lists them.
    """

    method: str = "near"
    threshold: float = 0.8
    ngram: int = 5
    bands: int = 25
    rows: int = 5
    seed: int = 1
    keep: int = 1
    keep_policy: str = "first"
    keep_field: str = ""
    sources: tuple[str, ...] = ()
    chat: str = "dialogue"
    memory: int = 1 << 30
    against: tuple[str, ...] = ()
    index: str = ""
    repeated: str = ""
    scope: str = "record"
    over: int = -1

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise ConfigError("--dedup-threshold must be over 0 and at most 1")
        for name, value in (("ngram", self.ngram), ("bands", self.bands), ("rows", self.rows)):
            if not 1 <= value <= 1000:
                raise ConfigError(f"--{name} must be from 1 to 1000")
        if not 0 <= self.seed < 2**32:
            raise ConfigError("--dedup-seed must be from 0 to 4294967295")
        if self.keep < 0:
            raise ConfigError("--keep must be 1 or more, or 0 to keep every copy and only list them")
        if self.memory < 64 << 20:
            raise ConfigError("--memory-budget must be 64MB or more")
        self._check_words()

    def _check_words(self) -> None:
        words = (
            ("--dedup", self.method, METHODS),
            ("--keep-policy", self.keep_policy, POLICIES),
            ("--dedup-chat", self.chat, CHATS),
            ("--list-repeated", self.repeated or REPEATED[0], REPEATED),
            ("--dedup-scope", self.scope, SCOPES),
        )
        for what, word, known in words:
            if word not in known:
                raise ConfigError(f'{what} "{word}" is unknown{nearest(word, known)}')
        if self.keep_policy == "newest" and not self.keep_field:
            raise ConfigError("--keep-policy newest needs --keep-field, the JSON Pointer of the date, as /created")
        if self.keep_policy == "source" and not self.sources:
            raise ConfigError("--keep-policy source needs --source NAME, once for each source, the best first")
        if self.keep_field and self.keep_policy not in ("newest", "source"):
            raise ConfigError("--keep-field is read by --keep-policy newest and source only; leave it out")
        if self.sources and self.keep_policy != "source":
            raise ConfigError("--source is read by --keep-policy source only; leave it out")
        if self.method == "contained" and self.keep_policy not in ("first", "longest"):
            raise ConfigError("--dedup contained keeps the longest text; leave --keep-policy out")
        if self.against and self.method == "off":
            raise ConfigError("--against is compared with by the first pass; leave --dedup off out")
        self._check_passages()
        if self.index and self.method != "near":
            raise ConfigError("--save-index needs --dedup near: only that signs the rows")

    def _check_passages(self) -> None:
        asked = [
            flag
            for flag, given in (
                ("--dedup-scope", self.scope != "record"),
                ("--dedup substring", self.method == "substring"),
                ("--list-repeated", bool(self.repeated)),
            )
            if given
        ]
        if len(asked) > 1:
            raise ConfigError(f"{asked[0]} and {asked[1]}: a run looks for one kind of passage; leave one of them out")
        if self.over < -1:
            raise ConfigError("--repeated-over must be 0 or more")
        if self.over >= 0 and (not asked or self.repeated):
            raise ConfigError("--repeated-over is read with --dedup-scope and --dedup substring only; leave it out")

    @property
    def active(self) -> bool:
        """Whether there is anything to look for before records are copied."""
        return self.method != "off" or bool(self.passage)

    @property
    def passage(self) -> str:
        """What is sought inside the records that stay: one of `REPEATED`, "" for nothing."""
        if self.repeated:
            return self.repeated
        return "span" if self.method == "substring" else self.scope if self.scope != "record" else ""

    @property
    def cuts(self) -> bool:
        """Whether passages are removed, not only listed."""
        return bool(self.passage) and not self.repeated and self.keep > 0

    @property
    def least(self) -> int:
        """In how many records a passage may stand and still be left alone."""
        return self.over if self.over >= 0 else 0 if self.method == "substring" else BOILERPLATE

    @property
    def hashes(self) -> int:
        """MinHash values a row."""
        return self.bands * self.rows

    @property
    def shingled(self) -> bool:
        """Whether rows are compared by their shingles, not only by their text."""
        return self.method in ("near", "contained")

    @property
    def recall(self) -> float:
        """Chance that two rows exactly at the threshold are compared at all; 0.99995 with the defaults."""
        return float(1.0 - (1.0 - self.threshold**self.rows) ** self.bands)


@dataclass(frozen=True, slots=True)
class Part:
    """The signature file of one shard and the number of the input file the shard belongs to.

    Parts of reference sets count down from -1.
    """

    path: str
    file: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Why a row goes: the row that stays, as file number and file row, and how alike they are.

    `method` is "exact" (the same text, similarity 1), "near" (exact Jaccard similarity, six decimals) or "contained"
    (the part of the smaller set the larger one holds). A row that is `dropped` goes; else it is one of the copies that
    may stay.
    """

    file: int
    row: int
    similarity: float
    method: str
    dropped: bool = True


@dataclass(frozen=True, slots=True)
class Summary:
    """What `choose` did. All counts are rows but `compared`, pairs whose exact similarity was computed.

    `rows` had a text, those of reference sets not among them; `exact` and `near` have a twin and are dropped, `capped`
    have one and stay for `keep`, `matched` are like a row of a reference set. `clusters` rows stay and have copies,
    `largest` is the size of the biggest such group with the row that stays, `sizes` how many groups there are of 2, 3,
    4-7, 8-15 ... rows as (smallest size, groups). `drops` names one file a part, in the order of the parts.
    """

    rows: int
    exact: int
    near: int
    clusters: int
    largest: int
    compared: int
    drops: tuple[str, ...]
    capped: int = 0
    matched: int = 0
    sizes: tuple[tuple[int, int], ...] = ()
