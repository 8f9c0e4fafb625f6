"""Which rules a run looks for: those of its policy and of the packs that were named, less what the flags leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan import rules
from privscan.errors import ConfigError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.model import Policy, Rule

__all__ = ["check_actions", "chosen", "of_policy", "words"]


def words(given: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a list that may be given one by one or with commas between.

    >>> words(["pii.us,secret", "PERSON"]), words("pii.email")
    (('pii.us', 'secret', 'PERSON'), ('pii.email',))
    """
    lists = (given,) if isinstance(given, str) else given
    return tuple(word.strip() for entry in lists for word in entry.split(",") if word.strip())


def of_policy(policy: Policy, loaded: Sequence[Rule], *, packs: bool) -> tuple[Rule, ...]:
    """Return the rules a policy looks for; of further packs, if there are any, all: who names one wants what is in it.

    ConfigError where the policy names a rule that there is not.
    """
    wanted = policy.select
    if packs and (wanted or policy.regulations):
        shipped = rules.shipped()
        wanted = (*wanted, *(rule.id for rule in loaded if rule.id not in shipped))
    try:
        return rules.select(rules.of(loaded, policy.detectors), wanted, policy.ignore, policy.regulations)
    except UsageError as error:
        hint = "" if packs else " (a pack of your own is given with --rules)"
        raise ConfigError(f"policy {policy.id}: {error}{hint}") from None


def chosen(
    in_policy: Sequence[Rule], loaded: Sequence[Rule], policy: Policy, select: Sequence[str], ignore: Sequence[str]
) -> tuple[Rule, ...]:
    """Return the rules of a policy that flags leave; UsageError for a name it does not look for."""
    if not select and not ignore:
        return tuple(in_policy)
    try:
        return rules.select(in_policy, select, ignore)
    except UsageError:
        rules.select(loaded, select, ignore)
        named = ", ".join((*select, *ignore))
        raise UsageError(f"policy {policy.id} does not look for all of {named}; choose another with --policy") from None


def check_actions(policy: Policy, rule_files: Sequence[str]) -> None:
    """ConfigError for an action of the policy that nothing can call for: neither a rule, a prefix, nor an entity."""
    loaded = rules.load_rules(rule_files)
    names = {rule.entity for rule in loaded} | {rule.id for rule in loaded}
    for name, _ in policy.actions:
        if name not in names and not any(known.startswith(f"{name}.") for known in names):
            raise ConfigError(
                f'policy {policy.id}: actions: "{name}" is no rule, prefix or entity{nearest(name, names)}'
            )
