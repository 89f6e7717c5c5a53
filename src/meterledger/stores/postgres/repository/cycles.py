"""Reading cycles that were put right, as SQL: the cycle of an account is the newest one told of it.

Lives here      the pieces of queries that ask of which cycle an account is, at an instant or now.
Lives elsewhere keeping what is put right (``put_right``), joining services (``services``).

Few accounts are ever put right: arrays of them leave the plan of a cycle's run as it is.
"""

from __future__ import annotations

_PUT = (
    "SELECT DISTINCT ON (account_id) account_id, is_now::smallint AS cycle"
    " FROM agreement_put_right WHERE fact = 'cycle'{known}"
    " ORDER BY account_id, learned_at DESC"
)
PUT_AT = _PUT.format(known=" AND learned_at <= %(known_at)s::timestamptz")
"""Accounts whose cycle was put right by ``known_at``, and the cycle."""
PUT_NOW = _PUT.format(known="")
"""Accounts whose cycle was ever put right, and the cycle as known now."""


def of_cycle(account: str, key: str, put: str) -> str:
    """The condition that the account (a table's alias) is of the cycle, as ``put`` has it."""
    return (
        f"({account}.cycle = {key} OR {account}.account_id = ANY"
        f" (ARRAY(SELECT n.account_id FROM ({put}) n WHERE n.cycle = {key})))"
        f" AND {account}.account_id <> ALL"
        f" (ARRAY(SELECT n.account_id FROM ({put}) n WHERE n.cycle <> {key}))"
    )
