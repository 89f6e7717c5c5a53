"""A correction that is killed before any of its statements changes nothing, and is done later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.stores.paper_town import ANALYST, account_id, bill_of, rebill_of, start_of

from meterledger.stores.postgres import PostgresStore, ServerLost, verify_invariants
from meterledger.stores.postgres.connections import Connection

pytestmark = pytest.mark.postgres

BOTH = [rebill_of(1, 0, cents=20_000), rebill_of(1, 1, cents=300)]


class Killed:
    """A connection whose session the server ends before the statement of that number."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self.left = number

    def execute(self, *arguments: Any, **how: Any) -> Any:
        if self.left == 0:
            self._connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        self.left -= 1
        return self._connection.execute(*arguments, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def killing(store: PostgresStore, number: int, patch: pytest.MonkeyPatch) -> list[Killed]:
    """The next step of the store is killed before that statement; answers the connection it had."""
    seen: list[Killed] = []
    call = store._connections.call

    def wrapped(viewer: Any, work: Callable[[Any], Any], **how: Any) -> Any:
        def watched(connection: Connection) -> Any:
            seen.append(Killed(connection, number))
            return work(seen[-1])

        return call(viewer, watched, **how)

    patch.setattr(store._connections, "call", wrapped)
    return seen


def everything(store: PostgresStore) -> tuple[Any, ...]:
    with store.viewing(ANALYST, ["all"]):
        assert [said for _, _, said in verify_invariants(store) if said] == []
        return (
            store.issued_bills_of_account(account_id(1)),
            store.entries_of_account(account_id(1)),
            store.corrections_of_account(account_id(1)),
            store.trial_balance(),
        )


def test_killed_before_any_statement_it_changes_nothing_and_is_done_afterwards(
    postgres: PostgresStore,
) -> None:
    postgres.start_service(start_of(1))
    postgres.record_bills([bill_of(1, 0), bill_of(1, 1)])
    before = everything(postgres)

    number = 0
    while True:
        with pytest.MonkeyPatch.context() as patch:
            seen = killing(postgres, number, patch)
            try:
                postgres.record_rebills(BOTH)
            except ServerLost:
                pass
            else:
                assert seen[-1].left >= 0
                break
        assert everything(postgres) == before, f"killed before statement {number}"
        number += 1

    assert number >= 15, "each statement of the step was a place to be killed"
    assert postgres.record_rebills(BOTH) == set()
    assert postgres.trial_balance() == {"142": 20_300, "440": -20_300}
