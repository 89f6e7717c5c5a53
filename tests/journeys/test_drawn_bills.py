"""A bill that is drawn from a bank account says so on its paper, and no other one does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.journeys.test_make_documents import Documented, text_of
from tests.journeys.town import VIEWER

from meterledger.facts.ach import AchStandard, BankAccountKind
from meterledger.facts.ach_orders import BankAccount, Enrollment
from meterledger.facts.statements import Statement
from meterledger.kernel.span import Validity
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.make_documents import Paper

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SINCE = date(2025, 1, 1)
SAID = "There is nothing to send: what is due is drawn from your bank account on"


@pytest.fixture
def homes() -> Documented:
    return Documented()


def stated(homes: Documented, number: int) -> Statement:
    with homes.town.store.viewing(VIEWER, []):
        store = homes.town.store
        bill = store.bill(homes.bill(number))
        return statement_of(bill, store=store, book=homes.town.book, known_at=NOW)


def enroll(homes: Documented, number: int, days: Validity) -> None:
    account = homes.town.account_id(number)
    bank = BankAccount(
        bank_id=f"BANK-{number}",
        account_id=account,
        holder="Ana Rivera",
        routing_number="081000210",
        kind=BankAccountKind.CHECKING,
        last_four="6789",
        fingerprint="0" * 64,
        sealed=b"sealed",
        learned_at=NOW,
    )
    drawn = Enrollment(
        f"E-{number}", account, bank.bank_id, AchStandard.WEB, days, None, "online", "Ana", NOW
    )
    change = ChannelChange("enrolled", account, NOW, bank_accounts=(bank,), enrollments=(drawn,))
    with homes.town.store.viewing(VIEWER, []):
        homes.town.store.keep_channel(change)


def test_is_told_of_who_is_enrolled_on_the_due_day_and_of_nobody_else(homes: Documented) -> None:
    due = stated(homes, 1).due_day
    enroll(homes, 1, Validity(SINCE))
    enroll(homes, 2, Validity(SINCE, due + timedelta(days=1)))
    enroll(homes, 3, Validity(SINCE, due))
    assert [stated(homes, number).is_drawn for number in (1, 2, 3, 4)] == [True, True, False, False]


def test_stands_on_the_paper_that_goes_out(homes: Documented) -> None:
    enroll(homes, 1, Validity(SINCE))
    run = homes.run()
    paper = Paper(homes.vault)
    said = {
        one.document.bill_id: " ".join(text_of(paper.pdf(one.document)).split())
        for one in run.printed
    }
    assert SAID in said[homes.bill(1)]
    assert SAID not in said[homes.bill(4)]


def test_names_the_later_day_where_the_bill_goes_out_late(homes: Documented) -> None:
    """Autopay goes by the later day too."""
    bill = stated(homes, 1)
    enroll(homes, 1, Validity(SINCE))
    run = homes.run(sent=bill.issued_day + timedelta(days=9))
    (going,) = [one for one in run.printed if one.document.bill_id == bill.bill_id]
    assert going.due_day > bill.due_day
    said = " ".join(text_of(Paper(homes.vault).pdf(going.document)).split())
    assert f"{SAID} {going.due_day:%B} {going.due_day.day}, {going.due_day.year}." in said
