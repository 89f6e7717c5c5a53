"""The one rule of a payment's key, whoever chooses it: a desk, a file, a checkout, a web form.

Lives here      the rule, and the words that say it before anything is done.
Lives elsewhere that a key posts once (``stores``).
"""

from __future__ import annotations

KEY_MOST = 64
"""As long as what is kept of a payment may be."""
RULE = "up to {most} plain characters, unique for ever"


def key_rule(prefix: str = "") -> str:
    """The rule in words. ``prefix`` is what we put before the key that was chosen."""
    return RULE.format(most=KEY_MOST - len(prefix))


def payment_key_of(told: str, *, prefix: str = "") -> str | None:
    """The key as it is kept, without spaces around it; None where it breaks the rule."""
    key = told.strip()
    fits = key.isascii() and key.isprintable() and 0 < len(key) <= KEY_MOST - len(prefix)
    return key if fits else None
