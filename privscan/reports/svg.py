"""Bars as inline SVG: they need no script, keep their colours on paper, and scale with the page.

Colours come from the page's style sheet by class name. Nothing from the data but numbers goes into a drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bar", "columns"]

_WIDTH = 1000
_LEAST = 5  # what is not nothing is drawn, at least as a sliver


def bar(parts: Sequence[tuple[str, int]], whole: int, title: str = "") -> str:
    """Draw `parts`, (class name, count), side by side in a bar that is `whole` long; returns an `<svg>` element.

    With a `title` (letters, digits, plain punctuation) it is a picture with that text for those who cannot see it.
    Without, it is an ornament beside numbers that stand in the table already.
    """
    shown = [(name, count) for name, count in parts if count > 0]
    widths = [max(_LEAST, round(_WIDTH * count / max(whole, 1))) for _, count in shown]
    spare = _WIDTH - sum(widths)
    if spare < 0:  # the slivers were paid for by nobody yet: the widest part pays
        widths[widths.index(max(widths))] += spare
    drawn, x = [], 0
    for (name, _), width in zip(shown, widths, strict=True):
        drawn.append(f'<rect class="{name}" x="{x}" width="{width}" height="10"/>')
        x += width
    about = f'role="img" aria-label="{title}"' if title else 'aria-hidden="true"'
    head = f'<svg class="bar" viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" {about}>'
    return f"{head}{f'<title>{title}</title>' if title else ''}{''.join(drawn)}</svg>"


def columns(bars: Sequence[tuple[str, int]], title: str) -> str:
    """Draw counts as columns side by side; returns an `<svg>` element that each column tells its count in.

    `title` and the names are plain words of ours (letters, digits, plain punctuation).
    """
    most = max((count for _, count in bars), default=0)
    step = _WIDTH / max(len(bars), 1)
    drawn = []
    for place, (name, count) in enumerate(bars):
        height = max(2.0, 100 * count / most) if count else 0.0
        left = place * step + step * 0.08
        box = f'x="{left:.1f}" y="{100 - height:.1f}" width="{step * 0.84:.1f}" height="{height:.1f}"'
        drawn.append(f'<rect class="plain" {box}><title>{name}: {count:,}</title></rect>')
    head = (
        f'<svg class="columns" viewBox="0 0 {_WIDTH} 100" preserveAspectRatio="none" role="img" aria-label="{title}">'
    )
    return f"{head}<title>{title}</title>{''.join(drawn)}</svg>"
