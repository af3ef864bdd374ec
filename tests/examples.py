"""How many examples a property is tried on, where it says a number of its own."""

from hypothesis import settings


def examples(thorough: int) -> int:
    """So many; with the quick profile, which a room's tests have on their own, a quarter, at least 15."""
    now = settings().max_examples
    return thorough if now >= 100 else min(thorough, max(now, thorough // 4))
