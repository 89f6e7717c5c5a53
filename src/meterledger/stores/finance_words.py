"""What both stores promise about sums of the journal, in the same words.

Lives here      the kind of an entry, which kinds bring money, and which accounts ask a customer
                for something.
Lives elsewhere adding up (``memory``, ``postgres``).
"""

from __future__ import annotations

REVERSAL = "reversal:"
DEFERRED = "142.budget"  # nobody asks for it yet
BRINGS_MONEY = ("payment", "unapplied")  # kinds of entries that debit cash with money received


def kind_of(entry_id: str) -> tuple[str, str]:
    """``payment:K`` is (payment, K); ``reversal:bill:B`` is (reversal of bill, B)."""
    back = entry_id.startswith(REVERSAL)
    prefix, _, key = entry_id.removeprefix(REVERSAL).partition(":")
    return (f"reversal of {prefix}" if back else prefix), key


def asks_a_customer(ledger_account: str) -> bool:
    """Whether the account is 142 or 143 or one of their own, but for what is deferred."""
    return ledger_account.partition(".")[0] in ("142", "143") and ledger_account != DEFERRED
