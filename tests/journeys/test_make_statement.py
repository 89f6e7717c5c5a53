"""What a bill shows is what is stored: one number on screen, on paper and in the journal."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from tests.journeys.town import LATER, NOON, VIEWER, Town, even

from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.facts.bills import read_record
from meterledger.facts.statements import StatedLine, Statement
from meterledger.facts.weather import MeanTemperature, mean_temperature
from meterledger.kernel.money import cents_from_text, usd_display
from meterledger.kernel.span import DaySpan
from meterledger.ledger import RECEIVABLE
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.take_payment import take_payment

BEGAN = date(2025, 7, 1)


@pytest.fixture(scope="module")
def town() -> Town:
    """A home on times of use for fifteen months, 96 Wh a quarter-hour, then 120; one payment."""
    made = Town()
    with made.store.viewing(VIEWER, []):
        made.start(1, schedule="1M-evening-morning", from_day=BEGAN, tax_place="university_city")
        made.read("M1", (BEGAN, date(2026, 7, 1)), even(96))
        made.read("M1", (date(2026, 7, 1), date(2026, 11, 20)), even(120))
        made.bill(1, on=date(2026, 9, 10))
        take_payment(
            account_id=made.account_id(1),
            cents=50_00,
            payment_key="R-1",
            received_day=date(2026, 9, 20),
            learned_at=NOON + timedelta(hours=1),
            view=made.view,
            store=made.store,
        )
        made.bill(1, on=date(2026, 11, 10), known_at=LATER)
    return made


def bills(town: Town) -> list[Any]:
    with town.store.viewing(VIEWER, []):
        return list(town.store.bills_of_account(town.account_id(1)))


def statement(town: Town, number: int, **beside: Any) -> Statement:
    stored = bills(town)[number]
    with town.store.viewing(VIEWER, []):
        return make_statement(
            stored,
            service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
            history=bills(town),
            entries=town.store.entries_of_account(stored.account_id),
            view=town.book.as_known(stored.known_at.date()),
            beside=Beside(**beside),
        )


def after_payment(town: Town) -> int:
    return next(
        number for number, one in enumerate(bills(town)) if one.issued_day > date(2026, 9, 20)
    )


def test_shown_is_printed_is_posted_and_recorded(town: Town) -> None:
    for number, stored in enumerate(bills(town)):
        made = statement(town, number)
        words = bill_words(made)
        paper = PdfReader(io.BytesIO(compose(content_of(made))))
        printed = " ".join(page.extract_text() for page in paper.pages)
        with town.store.viewing(VIEWER, []):
            entries = town.store.entries_of_account(stored.account_id)
        posted = sum(
            leg.cents
            for entry in entries
            if entry.entry_id == f"bill:{stored.bill_id}"
            for leg in entry.legs
            if leg.ledger_account == RECEIVABLE
        )
        recorded = read_record(stored.record)
        assert made.charges_cents == stored.total_cents == posted
        assert made.charges_cents == cents_from_text(recorded["total_usd"], where="record")
        assert words.charges == usd_display(posted)
        assert words.charges in printed
        assert stored.previous_balance_cents + posted == made.asked_cents
        assert words.asked == usd_display(0 if made.asked_on else made.asked_cents)
        assert words.asked in printed


def test_a_tax_says_what_it_is_asked_on_and_what_is_exempt(town: Town) -> None:
    made = statement(town, 0)
    gross = next(line for line in made.lines if line.group == "tax")
    sales = replace(gross, inputs=(("rate_series", "sales_tax_state_mo"), ("rate", "0.04225")))
    certified = (("exempt_usd", "2896.18"), ("certificate", "149-7"))
    exempt = replace(sales, inputs=(*sales.inputs, *certified))

    def note(line: StatedLine) -> str:
        lines = tuple(line if one is gross else one for one in made.lines)
        (group,) = [
            one for one in bill_words(replace(made, lines=lines)).groups if one.title == "Taxes"
        ]
        return group.lines[0].note

    assert note(gross) == "9% of receipts, this tax included"
    assert note(sales) == "4.225% of the charges"
    assert note(exempt) == "4.225% of the charges; $2,896.18 exempt by certificate 149-7"
    nothing = replace(sales, inputs=(("exempt_usd", "0.00"), ("certificate", "149-7")))
    assert note(nothing) == "nothing exempt by certificate 149-7"


class TestTheBalance:
    def test_of_a_first_bill_comes_from_nowhere(self, town: Town) -> None:
        balance = statement(town, 0).balance
        assert (balance.last_asked_cents, balance.changes, balance.previous_cents) == (None, (), 0)

    def test_tells_a_payment_with_its_day(self, town: Town) -> None:
        number = after_payment(town)
        balance = statement(town, number).balance
        before = bills(town)[number - 1]
        assert balance.last_asked_cents == before.previous_balance_cents + before.total_cents
        assert [(one.day, one.kind, one.cents) for one in balance.changes] == [
            (date(2026, 9, 20), "payment", -50_00)
        ]
        assert balance.unlisted_cents == 0
        rows = [(row.words, row.amount) for row in bill_words(statement(town, number)).balance]
        assert ("Payment, Sep 20, 2026", "-$50.00") in rows

    def test_of_what_was_posted_after_the_bill_tells_nothing_yet(self, town: Town) -> None:
        number = after_payment(town) - 1
        rows = [row.words for row in bill_words(statement(town, number)).balance]
        assert "Payments received since then" in rows
        assert not any(row.startswith("Payment, ") for row in rows)

    def test_that_entries_do_not_explain_is_told_as_one_sum(self, town: Town) -> None:
        number = after_payment(town)
        stored = replace(bills(town)[number], previous_balance_cents=7_77)
        with town.store.viewing(VIEWER, []):
            made = make_statement(
                stored,
                service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
                history=bills(town),
                entries=town.store.entries_of_account(stored.account_id),
                view=town.book.as_known(stored.known_at.date()),
                beside=Beside(),
            )
        assert made.balance.changes == ()
        rows = bill_words(made).balance
        assert rows[1].words == "Payments and other changes since then"
        assert rows[2].amount == "$7.77"


class TestTheUse:
    def test_of_each_time_of_use_sums_to_what_was_used(self, town: Town) -> None:
        usage = statement(town, 2).usage
        assert {one.period for one in usage.periods} == {"on_peak", "off_peak"}
        assert sum(one.energy_wh for one in usage.periods) == usage.energy_wh
        words = bill_words(statement(town, 2))
        assert words.periods[-1] == ("All", f"{usage.energy_wh / 1000:,.3f} kWh")
        assert "every 15 minutes" in words.interval_sentence
        assert "opening and closing readings of a register are not used" in words.interval_sentence

    def test_is_compared_with_the_bill_of_a_year_before(self, town: Town) -> None:
        last = statement(town, len(bills(town)) - 1)
        assert last.year_before is not None
        middle = last.days.from_day + timedelta(days=last.days.day_count // 2)
        assert middle.replace(year=middle.year - 1) in last.year_before.days
        said = bill_words(last).comparison
        assert said.sentence.startswith("Your average day used 25 % more than a year ago.")
        assert [row.daily for row in said.rows] == ["11.5 kWh", "9.2 kWh"]
        assert [row.temperature for row in said.rows] == ["not known", "not known"]

    def test_of_a_first_year_has_nothing_to_compare_with(self, town: Town) -> None:
        assert statement(town, 3).year_before is None

    def test_is_shown_with_temperatures_where_all_days_are_known(self, town: Town) -> None:
        last = len(bills(town)) - 1
        made = statement(town, last, temperatures=lambda days: MeanTemperature("KSTL", -4))
        assert [row.temperature for row in bill_words(made).comparison.rows] == ["0 °F", "0 °F"]
        assert "not known" not in bill_words(made).comparison.sentence


class TestAMeanTemperature:
    DAYS = DaySpan(date(2025, 7, 1), date(2025, 7, 3))

    def test_counts_half_a_tenth_up(self) -> None:
        known = {date(2025, 7, 1): 700, date(2025, 7, 2): 701}
        assert mean_temperature("KSTL", self.DAYS, known) == MeanTemperature("KSTL", 701)

    def test_of_days_of_which_one_is_not_known_is_none_and_no_zero(self) -> None:
        assert mean_temperature("KSTL", self.DAYS, {date(2025, 7, 1): 700}) is None


class TestMarks:
    def test_say_what_is_corrected_and_what_is_cancelled(self, town: Town) -> None:
        first, *rest = bills(town)
        second = next(one for one in rest if one.total_cents != first.total_cents)
        corrected = replace(second, corrects=first.bill_id)
        cancelled = replace(
            first, cancelled_by=second.bill_id, cancelled_at=datetime.now(LATER.tzinfo)
        )
        in_its_place = replace(second, days=first.days)
        for stored, other, said in (
            (corrected, second, f"This bill corrects the bill {first.bill_id} of"),
            (cancelled, in_its_place, f"This bill is cancelled. The bill {second.bill_id} takes"),
        ):
            with town.store.viewing(VIEWER, []):
                made = make_statement(
                    stored,
                    service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
                    history=[first, other],
                    entries=(),
                    view=town.book.as_known(stored.known_at.date()),
                    beside=Beside(),
                )
            assert bill_words(made).marks[0].startswith(said)
            if stored is corrected:
                was, now = (usd_display(one.total_cents) for one in (first, second))
                assert was != now
                assert (
                    bill_words(made).marks[0].endswith(f"Its charges were {was} and are {now} now.")
                )


def test_a_budget_plan_asks_in_place_of_the_charges(town: Town) -> None:
    stored = bills(town)[1]
    record = json.loads(stored.record)
    record["asked"] = {"asked_usd": "80.00", "difference_after_usd": "-12.34"}
    planned = replace(stored, record=json.dumps(record).encode())
    with town.store.viewing(VIEWER, []):
        service = town.store.service_of_agreement(stored.agreement_id, stored.known_at)
    made = make_statement(
        planned,
        service=service,
        history=[bills(town)[0], planned],
        entries=(),
        view=town.book.as_known(stored.known_at.date()),
        beside=Beside(),
    )
    assert made.charges_cents == stored.total_cents
    assert made.asked_cents == stored.previous_balance_cents + 80_00
    rows = {row.words: row.amount for row in bill_words(made).balance}
    assert rows["Asked in their place by your budget plan"] == "$80.00"
    assert rows["Amount due"] == usd_display(made.asked_cents)
    assert rows["Paid ahead in your plan"] == "$12.34"
