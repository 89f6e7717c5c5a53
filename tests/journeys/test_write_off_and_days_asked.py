"""A debt waits from the day by which the customer was asked for it, and for bills that came back.

Account 1's bill of January 2025 is due by itself on February 21. Printed late, it may be paid until
March 24; ninety days later what is left of it may be written off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from tests.journeys.settling_town import AT, FINDERS, ONE, Settling, begin, owes
from tests.stores.paper_town import ANALYST, bill_of
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.documents import NOT_RENDERED, CameBack, Channel, SetAside
from meterledger.stores.memory import MemoryStore
from meterledger.usecases import write_off as journey
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import CannotSettle
from meterledger.usecases.write_off import write_off

DUE, ASKED_BY = date(2025, 2, 21), date(2025, 3, 24)
NINETY = timedelta(days=90)
A_DAY = timedelta(days=1)
BILL = bill_of(1, 0)[0].bill_id


@pytest.fixture
def town(first_book: Any) -> Iterator[Settling]:
    made = Settling(MemoryStore(), first_book)
    with made.store.viewing(ANALYST, ["all"]):
        begin(made.store)
        owes(made.store, months=1, cents=80_00)
        yield made


def came_back(town: Settling) -> None:
    sent = document_of(1, channel=Channel.ELECTRONIC, address="ann@example.org", made_at=AT)
    town.store.record_documents([sent])
    town.store.record_came_back(CameBack(BILL, ONE, sent.sha256, "mailbox unknown", "Ana", AT))


def printed(town: Settling) -> None:
    paper = document_of(2, bill_id=BILL, account_id=ONE, made_at=AT, due_day=ASKED_BY)
    town.store.record_documents([paper])


def test_of_a_bill_that_was_printed_late_waits_from_its_later_day(town: Settling) -> None:
    came_back(town)
    printed(town)

    with pytest.raises(CannotSettle, match="Write it off from 2025-06-22 on"):
        write_off(ONE, desk=town.desk(ASKED_BY + NINETY - A_DAY), **FINDERS)
    assert town.store.balance_cents(ONE) == 80_00
    done = write_off(ONE, desk=town.desk(ASKED_BY + NINETY), **FINDERS)

    assert town.store.balance_cents(ONE) == 0
    assert replay_settlement(done.case, town.desk())


@pytest.mark.parametrize("how", ["came back", "was set aside"])
def test_of_a_bill_that_has_not_gone_out_is_refused(town: Settling, how: str) -> None:
    if how == "came back":
        came_back(town)
    else:
        town.store.record_documents([], [SetAside(BILL, ONE, "a run", "a letter", AT)])

    with pytest.raises(CannotSettle, match=f"Bill {BILL} came back or was set aside, and has not"):
        write_off(ONE, desk=town.desk(ASKED_BY + NINETY), **FINDERS)
    assert town.store.balance_cents(ONE) == 80_00
    printed(town)
    assert write_off(ONE, desk=town.desk(ASKED_BY + NINETY), **FINDERS).is_new


def test_beside_a_final_bill_that_is_not_rendered_is_made(town: Settling) -> None:
    """It asks for nothing and never goes out: what is owed from before would wait for ever."""
    final = bill_of(1, 1, cents=0)
    town.store.record_bills([final])
    why = f"{NOT_RENDERED}less than $1 is due"
    town.store.record_documents([], [SetAside(final[0].bill_id, ONE, "a run", why, AT)])

    assert write_off(ONE, desk=town.desk(date(2025, 9, 1)), **FINDERS).is_new
    assert town.store.balance_cents(ONE) == 0


@pytest.mark.parametrize("is_printed", [True, False])
def test_that_was_made_by_the_own_due_day_is_replayed_so(
    town: Settling, monkeypatch: pytest.MonkeyPatch, is_printed: bool
) -> None:
    """As until 2026-11-29, also where the bill had not gone out at all."""
    came_back(town)
    if is_printed:
        printed(town)
    with monkeypatch.context() as then:
        then.setattr(journey, "_decided", partial(journey._decided, by=journey.DueBy.OWN))
        then.setattr(journey, "_refuse_unsent", lambda *_: None)
        made = write_off(ONE, desk=town.desk(DUE + NINETY), **FINDERS).case

    assert b'"final_due":"2025-02-21"' in made.record
    assert replay_settlement(made, town.desk())
