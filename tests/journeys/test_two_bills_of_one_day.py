"""Two bills of one account on one day: the last asks for all, and the first says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from tests.doors.statements import NOW
from tests.journeys.town import VIEWER, Town, even

from meterledger.entrypoints.documents.pool import OnePress
from meterledger.entrypoints.web.bill_words import BillWords, bill_words
from meterledger.facts.statements import Statement
from meterledger.kernel.money import usd_display, usd_text
from meterledger.stores.memory.vault import MemoryVault
from meterledger.usecases.carried_balance import of_one_day
from meterledger.usecases.document_ports import PaperForAll
from meterledger.usecases.gather_statements import Surroundings, statements_of
from meterledger.usecases.make_documents import make_cycle_documents
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.print_file import index_rows, print_parts

DAYS = (date(2025, 8, 9), date(2025, 9, 9))


@pytest.fixture
def town() -> Town:
    """A house and a barn of one account, billed on the same two days, and not paid."""
    made = Town()
    with made.store.viewing(VIEWER, []):
        for number, energy in ((1, 300), (3, 100)):
            made.start(number, people=(("P1", "Ann Lee"),), cycle=9, account_id=made.account_id(1))
            made.read(f"M{number}", (date(2025, 7, 1), date(2025, 12, 1)), even(energy))
        for minutes, day in enumerate(DAYS):
            made.bill(1, on=day, known_at=NOW + timedelta(minutes=minutes))
    return made


def bills_of(town: Town) -> list[StoredBill]:
    with town.store.viewing(VIEWER, []):
        return list(town.store.bills_of_account(town.account_id(1)))


def statements(town: Town) -> list[Statement]:
    """As they were posted: each has in it what the one before asks."""
    with town.store.viewing(VIEWER, []):
        beside = Surroundings(town.store, town.book.as_known(NOW.date()), NOW)
        made = list(statements_of(bills_of(town), store=town.store, book=town.book, beside=beside))
    return sorted(made, key=lambda one: one.asked_cents)


def words(town: Town) -> list[BillWords]:
    return list(map(bill_words, statements(town)))


def test_the_last_asks_for_all_and_the_others_for_nothing(town: Town) -> None:
    """Four on the first day, the part of July before the reading day among them; then two."""
    one, two, three, four, five, six = statements(town)
    assert [each.to_pay_cents for each in (one, two, three, five)] == [0, 0, 0, 0]
    four_days = (one, two, three, four)
    assert four.to_pay_cents == sum(each.charges_cents for each in four_days)
    with town.store.viewing(VIEWER, []):
        assert six.to_pay_cents == town.store.balance_cents(town.account_id(1))
    assert {each.asked_on for each in (one, two, three)} == {four.bill_id}
    assert four.takes_in == (one.bill_id, two.bill_id, three.bill_id)
    assert (five.asked_on, six.takes_in) == (six.bill_id, (five.bill_id,))
    assert four.asked_on == "" == six.asked_on


def test_both_say_so_in_words(town: Town) -> None:
    *_, four, first, last = words(town)
    assert first.asked_title == (
        f"Nothing to pay here: bill {last.bill_id} of the same day asks for all"
    )
    assert (first.asked, first.asked_cents) == ("$0.00", 0)
    assert first.balance[-1].words == f"Asked for on bill {last.bill_id} of the same day"
    assert last.asked_title.startswith("Please pay by ")
    row = last.balance[0]
    assert row.words == f"Asked on bill {first.bill_id} of the same day, to be paid with this one"
    assert row.amount == first.balance[-1].amount
    assert first.balance[0].words == "Asked on your last bill"
    assert first.balance[0].amount == four.asked


def test_the_index_of_the_print_file_asks_once(town: Town) -> None:
    with town.store.viewing(VIEWER, []):
        run = make_cycle_documents(
            cycle=9,
            on=DAYS[1],
            made_at=NOW,
            store=town.store,
            vault=MemoryVault(),
            press=OnePress(),
            deliveries=PaperForAll(),
            book=town.book,
            sent=DAYS[1],
        )
        balance = town.store.balance_cents(town.account_id(1))
    asked = sorted(row["asked_usd"] for row in index_rows(print_parts(run)[0]))
    assert asked == ["0.00", usd_text(balance)]
    assert usd_display(balance) == words(town)[-1].asked


def test_one_that_was_cancelled_is_none_of_them(town: Town) -> None:
    first, last = bills_of(town)[:2]
    gone = replace(last, cancelled_by="B-1-v2")
    assert of_one_day(first, [first, gone]) == [first]
    assert of_one_day(gone, [first, gone]) == [gone]


def test_of_three_of_one_instant_their_balances_tell_the_order(town: Town) -> None:
    first = bills_of(town)[0]
    each = first.previous_balance_cents + first.total_cents
    three = [
        replace(first, bill_id=f"B-{name}", previous_balance_cents=first.total_cents * place + each)
        for place, name in enumerate("zay")
    ]
    for told in permutations(three):
        assert of_one_day(three[0], list(told)) == three
