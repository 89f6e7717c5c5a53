"""A late charge is told by the next bill that is issued; the bill of its day may be held for ever.

$100.00 of the first bill are unpaid. The charge is decided on the day of the second bill, which is
held: nobody was sent a bill of that day.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.journeys.late_town import FIRST_MONTH, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST, bill_of

from meterledger.entrypoints.late_words import bill_that_shows, shown_words
from meterledger.facts.late_charges import LateCharge
from meterledger.usecases import late_charges
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_replay import replay_late_charge, revision_of
from meterledger.usecases.late_charge_revisions import REVISIONS

SECOND = timedelta(seconds=1)


@pytest.fixture
def paper(first_book: Any) -> PaperAccount:
    made = PaperAccount(first_book)
    made.bill(0)
    return made


def shows(paper: PaperAccount, charge: LateCharge) -> str | None:
    """The bill that shows a charge, in the words of the command."""
    with paper.store.viewing(ANALYST, ["all"]):
        money = paper.store.account_money([paper.account], with_due_days=True)[paper.account]
    found = bill_that_shows(charge, money.bills)
    words = shown_words(found)
    if found is None:
        assert words == "to be shown on the next bill that is issued"
        return None
    assert words == f"shown on bill {found.bill_id} of {found.issued_day}"
    return found.bill_id


def issue(paper: PaperAccount, month: int, *, after: timedelta, days: int = 0) -> str:
    """A bill that is made so long after the charge, on so many days after its day."""
    made, entry = bill_of(1, FIRST_MONTH + month, cents=80_00, known_at=NOW + after)
    assert entry is not None
    on = ISSUED[1] + timedelta(days=days)
    entry = replace(entry, effective_day=on)
    bill = replace(made, issued_day=on, due_day=on + timedelta(days=21))
    paper.store.record_bills([(bill, entry)])
    return bill.bill_id


def test_its_record_names_no_bill_of_its_own_day(paper: PaperAccount) -> None:
    (made,) = paper.run(ISSUED[1]).charges

    record = json.loads(made.record)
    assert "shown_on_the_bill_of" not in record
    assert record["decided_on"] == ISSUED[1].isoformat()
    assert record["bill"] in {one.bill_id for one in paper.store._bills.values()}
    assert paper.replays(made)


def test_is_told_by_no_bill_while_none_is_issued(paper: PaperAccount) -> None:
    (made,) = paper.run(ISSUED[1]).charges

    assert shows(paper, made) is None


@pytest.mark.parametrize(
    ("after", "days", "is_shown"),
    [
        (SECOND, -1, False),  # a bill of the day before
        (-SECOND, 0, False),  # one that was made before the charge
        (0 * SECOND, 0, True),
        (SECOND, 3, True),  # the held one, released on a later day
    ],
)
def test_is_told_by_the_next_bill_that_is_issued(
    paper: PaperAccount, after: timedelta, days: int, is_shown: bool
) -> None:
    (made,) = paper.run(ISSUED[1]).charges
    bill = issue(paper, 1, after=after, days=days)
    later = issue(paper, 2, after=2 * SECOND, days=30)

    assert shows(paper, made) == (bill if is_shown else later)


@pytest.mark.parametrize("revision", ["late-1", "late-2"])
def test_of_an_older_revision_replays_as_it_is(
    paper: PaperAccount, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = REVISIONS[revision][0]
    monkeypatch.setattr(late_charges, "consider", partial(consider, by=by))
    (made,) = paper.run(ISSUED[1]).charges
    monkeypatch.undo()

    assert json.loads(made.record)["shown_on_the_bill_of"] == ISSUED[1].isoformat()
    assert revision_of(made) == revision
    with paper.store.viewing(ANALYST, ["all"]):
        again = replay_late_charge(made.late_charge_id, store=paper.store, book=paper.book)
    assert again.same_bytes
