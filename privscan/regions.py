"""Whose national formats a run looks for, and in whose numbering plans it reads numbers without a country code.

Promises: without regions every rule stays as it is; an unknown region is told with the nearest one there is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from privscan.errors import UsageError, nearest
from privscan.model import Confidence
from privscan.validators.nations import CODES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from privscan.model import Rule

__all__ = ["CODES", "named", "narrowed"]

_ALIASES = {"UK": "GB"}
_REGIONAL = dict.fromkeys(("phone_national", "phone_dialled"), "phone_in")  # the check that knows the regions asked for


def named(asked: Iterable[str]) -> tuple[str, ...]:
    """Return the regions that words such as "us,de" name, in order and once; UsageError for one there is not.

    >>> named(["us,de", "uk"])
    ('US', 'DE', 'GB')
    """
    words = [word.strip().upper() for entry in asked for word in entry.split(",") if word.strip()]
    found = tuple(dict.fromkeys(_ALIASES.get(word, word) for word in words))
    for code in found:
        if code not in CODES:
            raise UsageError(f'--region: "{code}" is no country of ISO 3166{nearest(code, CODES)}')
    return found


def narrowed(rules: Sequence[Rule], regions: Sequence[str], by_shape: Collection[str] = ()) -> tuple[Rule, ...]:
    """Return the rules as they hold in some regions, and with those of `by_shape` believed without further evidence.

    Rules of other countries go. One whose check depends on the country asks these alone, and what passes it then is
    believed without a word beside it.
    """
    kept = [rule for rule in rules if not (regions and rule.regions) or set(rule.regions) & set(regions)]
    return tuple(_believed(_regional(rule, regions), by_shape) for rule in kept)


def _regional(rule: Rule, regions: Sequence[str]) -> Rule:
    if not regions or not set(rule.validators) & _REGIONAL.keys():
        return rule
    checks = (f"{_REGIONAL[name]}/{','.join(regions)}" if name in _REGIONAL else name for name in rule.validators)
    return replace(rule, validators=tuple(checks), checked=max(rule.checked, Confidence.MEDIUM))


def _believed(rule: Rule, by_shape: Collection[str]) -> Rule:
    if rule.id not in by_shape or rule.confidence >= Confidence.MEDIUM:
        return rule
    return replace(rule, confidence=Confidence.MEDIUM, checked=max(rule.checked, Confidence.MEDIUM))
