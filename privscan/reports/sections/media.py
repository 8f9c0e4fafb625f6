"""What was met in pictures and sound: how many, how large, how long, whose metadata. Never a piece of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from privscan.reports.parts import Chart, Column, Section, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privscan.model import Report

__all__ = ["section"]

_METADATA: Final = {
    "gps": "place: coordinates",
    "people": "people: named regions of a picture",
    "owner": "owner, author, rights",
    "serial": "serial number of a device",
    "camera": "make and model of a device",
    "time": "time it was taken",
    "maker_note": "notes of the maker, in no public format",
    "thumbnail": "a small picture of the whole",
    "trailer": "a second picture or a video behind the first",
    "iptc": "editorial record (IPTC)",
    "xmp": "editing history (XMP)",
    "comment": "free text",
    "tags": "tags of a recording",
}
_WORDS: Final = (
    "Faces, voices and prints are found by models and measures that miss some: small, turned and hidden faces above "
    "all. What is covered is gone from the copy; what was missed is not. Finding a voice or a face says that somebody "
    "is there, not who."
)


def section(report: Report) -> Section | None:
    """Count pictures, faces, sound and metadata of what was looked at; None where there was no media at all."""
    told = report.tally.media
    if not told:
        return None
    words = [_WORDS]
    words += [
        f"{told[name]} values with media were passed on unlooked at, because what finds {what} is not installed here "
        "and --allow-missing says so."
        for name, what in (("not looked at: faces", "faces"), ("not looked at: audio", "speech"))
        if told[name]
    ]
    if told["files"] or told["files not found"]:
        words.append(
            f"Paths in the data named {told['files']:,} files that were looked into, and {told['files not found']:,} "
            "that are not under --media-root."
        )
    tables = (_totals(told), _listed(told, "metadata:", "What metadata tells", "kind", _METADATA))
    sides = sorted((int(name[5:]), count) for name, count in told.items() if name.startswith("side:"))
    charts = (Chart("Pictures by their longer side, in pixels", _spans(sides)),) if sides else ()
    return Section("media", "Pictures and sound", tuple(words), tuple(table for table in tables if table.rows), charts)


def _totals(told: Mapping[str, int]) -> Table:
    """Return one row a kind of media: values, how much there is of it, and in how many something was found."""
    rows = []
    if told.get("pictures"):
        found = f"{told.get('faces', 0):,} faces in {told.get('pictures with faces', 0):,}"
        rows.append(("pictures", told["pictures"], _formats(told), found))
    if told.get("sounds"):
        speech = f"{_length(told.get('speech_milliseconds', 0))} of speech"
        rows.append(("recordings", told["sounds"], _length(told.get("milliseconds", 0)), speech))
    if told.get("records"):
        rows.append(("biometric records", told["records"], "", ""))
    columns = (Column("media", "name"), Column("values", "count"), Column("of them"), Column("found"))
    return Table("Media looked at", columns, tuple(rows))


def _formats(told: Mapping[str, int]) -> str:
    counts = [(count, name[7:]) for name, count in told.items() if name.startswith("format:")]
    return ", ".join(f"{count:,} {name}" for count, name in sorted(counts, key=lambda pair: (-pair[0], pair[1])))


def _length(milliseconds: int) -> str:
    """Return a length of time as people say it.

    >>> _length(61_500), _length(900), _length(7_260_000)
    ('1 min 2 s', '0.9 s', '2 h 1 min')
    """
    if milliseconds < 10_000:
        return f"{milliseconds / 1000:.1f} s"
    seconds = round(milliseconds / 1000)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
    return f"{seconds // 3600:,} h {seconds % 3600 // 60} min"


def _listed(told: Mapping[str, int], prefix: str, title: str, what: str, names: Mapping[str, str]) -> Table:
    counts = {name.removeprefix(prefix): count for name, count in told.items() if name.startswith(prefix)}
    rows = tuple(
        (names.get(name, name), count) for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return Table(title, (Column(what), Column("values", "count")), rows)


def _spans(sides: list[tuple[int, int]]) -> tuple[tuple[str, int], ...]:
    """Return a bar for each power of two from the smallest to the largest side there is."""
    counts = dict(sides)
    low, high = sides[0][0], sides[-1][0]
    steps = [1 << bits for bits in range(low.bit_length() - 1, high.bit_length())]
    return tuple((f"{step // 2 + 1} to {step}", counts.get(step, 0)) for step in steps)
