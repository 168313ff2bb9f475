"""Sentences about retention rules."""

from releasehub.publishing.models import RetentionRule

# Visitors of old links read it.
DELETION_REASON = "A retention rule deleted this old version. Use a newer one."


def describe(rule: RetentionRule) -> str:
    """Return the conditions of the rule as a sentence."""
    conditions = [f"they are not among the newest {rule.keep_newest} of their line and channel"]
    if rule.keep_newest == 1:
        conditions = ["they are not the newest of their line and channel"]
    if rule.min_age_days is not None:
        conditions.append(f"they are older than {rule.min_age_days} days")
    if rule.idle_days is not None:
        conditions.append(f"they were not downloaded for {rule.idle_days} days")
    *first, last = conditions
    return f"Versions are deleted if {', '.join(first)} and {last}." if first else f"Versions are deleted if {last}."
