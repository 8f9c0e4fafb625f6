"""JUnit XML, for CI servers that know no other kind of report: a suite a file, a case an entity, and one for the gate.

A case fails where the gate would count its findings; what could not be looked at is an error. Characters that XML 1.0
does not allow are spelled out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from privscan.model import Severity, State
from privscan.reports import wording
from privscan.reports.figures import summarise
from privscan.reports.grouped import bundles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Bundle, Listing

__all__ = ["write"]

_PROBLEMS = 50


def write(report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the suites to a text stream, file by file."""
    level = str(report.gate.get("fail_on", "never"))
    least = Severity.of(level) if level != "never" else None
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="privscan">\n')
    stream.writelines(_gate(report))
    told = set()
    for uri, cases in _by_file(listing.rows):
        told.add(uri)
        stream.writelines(_suite(uri, [_case(bundle, least) for bundle in cases]))
    for artifact in report.inputs:
        if artifact.uri not in told:
            name = wording.clip(artifact.uri, 200)
            stream.writelines(
                _suite(artifact.uri, [(f'<testcase classname={quoteattr(name)} name="no finding"/>', "")])
            )
    stream.write("</testsuites>\n")


def _by_file(rows: Iterable[dict[str, object]]) -> Iterator[tuple[str, list[Bundle]]]:
    import itertools

    for uri, found in itertools.groupby(bundles(rows), key=lambda bundle: bundle.uri):
        yield uri, list(found)


def _suite(uri: str, cases: list[tuple[str, str]]) -> Iterator[str]:
    counts = {kind: sum(made == kind for _, made in cases) for kind in ("failure", "error", "skipped")}
    name = quoteattr(wording.clip(uri, 200))
    yield (
        f'<testsuite name={name} tests="{len(cases)}" failures="{counts["failure"]}" '
        f'errors="{counts["error"]}" skipped="{counts["skipped"]}" time="0">\n'
    )
    yield from (f"{case}\n" for case, _ in cases)
    yield "</testsuite>\n"


def _case(bundle: Bundle, least: Severity | None) -> tuple[str, str]:
    """Return a case and what it is: "failure", "skipped" (found, but not for the gate)."""
    head = f"<testcase classname={_quoted(bundle.uri)} name={_quoted(f'{bundle.entity} by {bundle.rule}')}"
    words = f"{wording.plural(bundle.count, 'finding')}, {bundle.severity} severity, {bundle.confidence} confidence"
    if bundle.state != State.NEW or least is None or Severity.of(bundle.severity) < least:
        return (
            f"{head}><skipped message={_quoted(f'{words}; {bundle.state}, not counted by the gate')}/></testcase>",
            "skipped",
        )
    places = "\n".join(f"record {row['record']}, field {wording.clip(str(row['field']), 120)}" for row in bundle.first)
    return f'{head}><failure message={_quoted(words)} type="finding">{escape(places)}</failure></testcase>', "failure"


def _gate(report: Report) -> Iterator[str]:
    verdict = summarise(report).verdict
    head = '<testcase classname="privscan" name="gate"'
    words = _quoted(f"{verdict.title}. {verdict.words}")
    if verdict.kind == "incomplete":
        shown = "\n".join(
            f"{wording.clip(p.uri, 120)}: {wording.clip(p.reason, 200)}" for p in report.problems[:_PROBLEMS]
        )
        yield from _suite(
            "privscan",
            [(f'{head}><error message={words} type="incomplete">{escape(shown)}</error></testcase>', "error")],
        )
    elif verdict.kind == "failed":
        yield from _suite("privscan", [(f'{head}><failure message={words} type="gate"/></testcase>', "failure")])
    else:
        yield from _suite("privscan", [(f"{head}/>", "")])


def _quoted(words: str) -> str:
    return quoteattr(wording.clip(words, 400))
