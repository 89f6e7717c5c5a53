"""Taxes of a shop: from its place and its certificate to its bills, the ledger and the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.bills import read_record
from meterledger.facts.taxes import ExemptionKind, TaxKind
from meterledger.kernel.span import DaySpan
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.start_service import start_service
from meterledger.usecases.tax_exemptions import (
    Exempt,
    ExemptionRefused,
    ExemptionRequest,
    end_exemption,
    record_exemption,
    tax_premise,
)
from meterledger.usecases.tax_report import tax_report

KNOWN = datetime(2026, 11, 29, 12, tzinfo=UTC)  # the book learned of sales tax on that day
TOLD = KNOWN + timedelta(hours=1)
JULY = date(2025, 7, 1)
AUTUMN = (JULY, date(2025, 10, 10))


class Shops:
    """A town with shops in it, and short words for what happens to their taxes."""

    def __init__(self, towns: ModuleType, book: Any) -> None:
        self.town = towns.Town(book=book)
        self.view = book.as_known(KNOWN.date())
        self.store = self.town.store

    def open(self, number: int, **changed: Any) -> str:
        asked = {
            "schedule": "1M-smart",
            "tax_place": "bel_ridge",
            "sales_tax_place": "creve_coeur",
            **changed,
        }
        request = self.town.request(number, **asked)
        start_service(request, learned_at=KNOWN, view=self.view, store=self.store)
        self.town.read(f"M{number}", AUTUMN, learned_at=KNOWN)
        return self.account(number)

    def account(self, number: int) -> str:
        return str(self.town.account_id(number))

    def bill(self, *numbers: int, on: date = date(2025, 10, 10), known_at: datetime = KNOWN) -> Any:
        return self.town.bill(*numbers, on=on, known_at=known_at)

    def prove(self, bill_id: str) -> Any:
        how = {"store": self.store, "lake": self.town.lake, "book": self.town.book}
        return prove_bill(bill_id=bill_id, **how)

    def exempt(self, number: int = 1, *, told_at: datetime = TOLD, **changed: Any) -> Exempt:
        request = ExemptionRequest(
            self.account(number), TaxKind.SALES, ExemptionKind.CHARITABLE, "12-345", JULY
        )
        return record_exemption(
            replace(request, **changed), learned_at=told_at, view=self.view, store=self.store
        )


@pytest.fixture
def shops(towns: ModuleType, book_of_shops: Any) -> Iterator[Shops]:
    made = Shops(towns, book_of_shops)
    with made.store.viewing(towns.VIEWER, []):
        yield made


def taxes(bill: Any) -> dict[str, int]:
    return {line.code: line.cents for line in bill.lines if line.group.value == "tax"}


class TestABillOfAShop:
    def test_has_each_tax_on_its_own_line_and_account(self, shops: Shops) -> None:
        shops.open(1)

        first = shops.bill(1).issued[0]

        assert list(taxes(first)) == [
            "municipal_gross_receipts_tax",
            "state_sales_tax",
            "local_sales_tax",
        ]
        charges = first.total_cents - sum(taxes(first).values())
        (entry, *_) = shops.store.entries_of_account(first.account_id)
        assert {leg.ledger_account: leg.cents for leg in entry.legs} == {
            "142": first.total_cents,
            "442": -charges,
            "241.gross_receipts.bel_ridge": -taxes(first)["municipal_gross_receipts_tax"],
            "241.state_sales.mo": -taxes(first)["state_sales_tax"],
            "241.local_sales.creve_coeur": -taxes(first)["local_sales_tax"],
        }

    def test_is_held_where_nobody_said_who_asks_sales_tax_there(self, shops: Shops) -> None:
        shops.open(1, sales_tax_place="")

        run = shops.bill(1)

        assert run.issued == []
        assert {one.code for one in run.held} == {"premise.tax_place"}
        assert "No sales-tax jurisdiction is known for premise PR1" in run.held[0].sentence

    def test_goes_out_as_soon_as_somebody_says_it(self, shops: Shops) -> None:
        shops.open(1, sales_tax_place="")

        news = tax_premise(
            premise_id="PR1",
            from_day=JULY,
            learned_at=TOLD,
            view=shops.view,
            store=shops.store,
            jurisdiction="none",
        )
        run = shops.bill(1, known_at=TOLD + timedelta(seconds=1))

        assert len(news) == 1
        assert list(taxes(run.issued[0])) == ["municipal_gross_receipts_tax", "state_sales_tax"]

    def test_a_place_that_the_book_does_not_know_is_refused(self, shops: Shops) -> None:
        shops.open(1)

        with pytest.raises(Exception, match="sales_tax_local_atlantis"):
            tax_premise(
                premise_id="PR1", from_day=JULY, learned_at=TOLD, view=shops.view,
                store=shops.store, jurisdiction="atlantis",
            )  # fmt: skip
        with pytest.raises(Exception, match="sales_tax_local_atlantis"):
            shops.open(2, sales_tax_place="atlantis")
        with pytest.raises(ExemptionRefused, match="Nothing is said of premise PR1"):
            tax_premise(
                premise_id="PR1", from_day=JULY, learned_at=TOLD, view=shops.view,
                store=shops.store,
            )  # fmt: skip

    def test_of_a_home_asks_no_sales_tax_wherever_it_is(self, shops: Shops) -> None:
        shops.open(1, schedule="1M-anytime")
        shops.open(2, schedule="1M-anytime", sales_tax_place="")

        first, second = (shops.bill(number).issued[0] for number in (1, 2))

        assert list(taxes(first)) == list(taxes(second)) == ["municipal_gross_receipts_tax"]
        assert first.total_cents == second.total_cents


class TestACertificateKnownInTime:
    def test_exempts_and_stands_on_the_bill(self, shops: Shops) -> None:
        shops.open(1)
        done = shops.exempt()

        bill = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued[0]

        assert done.touched == ()
        assert taxes(bill)["state_sales_tax"] == taxes(bill)["local_sales_tax"] == 0
        state = next(one for one in bill.lines if one.code == "state_sales_tax")
        told = dict(state.inputs)
        assert told["certificate"] == "12-345"
        assert told["certificate_days"] == "2025-07-01 until further notice"
        assert any("144.030" in one.text for one in state.citations)
        again = shops.town.replay(bill.bill_id)
        assert again.same_bytes

    def test_exempts_bills_whose_last_day_it_covers_and_no_others(self, shops: Shops) -> None:
        shops.open(1)
        lasts = [one.days.last_day for one in shops.bill(1).issued]
        shops.open(2)
        shops.exempt(2, from_day=lasts[1], until_day=lasts[2])

        bills = shops.bill(2, known_at=TOLD + timedelta(seconds=1)).issued

        assert [one.days.last_day for one in bills] == lasts
        exempt = [taxes(one)["state_sales_tax"] == 0 for one in bills]
        assert exempt == [day == lasts[1] for day in lasts]


class TestACertificateRecordedLate:
    def test_touches_the_bills_that_were_made_without_it(self, shops: Shops) -> None:
        shops.open(1)
        issued = shops.bill(1).issued

        done = shops.exempt(from_day=issued[1].days.last_day)

        assert [one.bill_id for one in done.touched] == [one.bill_id for one in issued[1:]]
        (first, *_) = done.touched
        sales = taxes(issued[1])
        assert first.as_json() == {
            "bill": issued[1].bill_id,
            "from": issued[1].days.from_day.isoformat(),
            "to": issued[1].days.until_day.isoformat(),
            "issued": issued[1].issued_day.isoformat(),
            "tax_usd": f"{(sales['state_sales_tax'] + sales['local_sales_tax']) / 100:.2f}",
            "certificate_used": "",
            "certificate_that_counts": "12-345",
        }

    def test_the_bills_replay_to_their_bytes_and_come_out_exempt_now(self, shops: Shops) -> None:
        shops.open(1)
        bill = shops.bill(1).issued[0]
        shops.exempt()

        as_issued = shops.town.replay(bill.bill_id)
        as_now = shops.town.replay(bill.bill_id, as_known=TOLD + timedelta(seconds=1))

        assert as_issued.same_bytes
        assert not as_now.same_bytes
        assert taxes(as_now.bill)["state_sales_tax"] == 0

    def test_learned_at_the_instant_of_a_bill_is_not_of_that_bill(self, shops: Shops) -> None:
        shops.open(1)
        bill = shops.bill(1).issued[0]
        shops.exempt(told_at=KNOWN)

        assert shops.town.replay(bill.bill_id).same_bytes

    def test_of_another_tax_or_another_agreement_touches_nothing(self, shops: Shops) -> None:
        shops.open(1)
        issued = shops.bill(1).issued

        of_city = shops.exempt(
            tax=TaxKind.GROSS_RECEIPTS, kind=ExemptionKind.GOVERNMENT, certificate="G-1"
        )
        before = shops.exempt(until_day=issued[0].days.last_day)

        assert [one.bill_id for one in of_city.touched] == [one.bill_id for one in issued]
        assert before.touched == ()

    def test_ended_late_touches_the_bills_that_it_had_exempted(self, shops: Shops) -> None:
        shops.open(1)
        shops.exempt()
        issued = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued

        done = end_exemption(
            account_id=shops.account(1),
            certificate="12-345",
            until_day=issued[1].days.last_day,
            learned_at=TOLD + timedelta(hours=1),
            view=shops.view,
            store=shops.store,
        )

        assert [(one.bill_id, one.used, one.counts) for one in done.touched] == [
            (one.bill_id, "12-345", "") for one in issued[1:]
        ]


class TestAProofFile:
    def test_of_a_home_without_a_certificate_is_made(self, shops: Shops) -> None:
        shops.open(1, schedule="1M-anytime")
        bill = shops.bill(1).issued[0]

        proof = shops.prove(bill.bill_id)

        assert [one["code"] for one in proof["charges"]][-1] == "municipal_gross_receipts_tax"
        assert not [name for name in proof["values"] if name.startswith("given:exempt")]

    @pytest.mark.parametrize("schedule", ["1M-smart", "1M-anytime"])
    def test_with_a_certificate_holds_it_and_whether_its_ground_counts(
        self, shops: Shops, schedule: str
    ) -> None:
        shops.open(1, schedule=schedule)
        shops.exempt(tax=TaxKind.GROSS_RECEIPTS, kind=ExemptionKind.GOVERNMENT, certificate="G-1")
        bill = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued[0]

        proof = shops.prove(bill.bill_id)

        (share,) = proof["values"]["given:exempt_share_gross_receipts"]
        assert share[3].startswith("certificate G-1")
        assert proof["values"]["gross_receipts_exempts_government"][0][2] == "1"
        taxes = [one["code"] for one in proof["charges"] if one["code"].endswith("_tax")]
        assert len(taxes) == (3 if schedule == "1M-smart" else 1)


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("changed", "sentence"),
        [
            ({"certificate": " "}, "A certificate has a number of 1 to 64 printable letters"),
            ({"certificate": "1" * 65}, "A certificate has a number of 1 to 64"),
            ({"share": Fraction(0)}, "A share of 0 of the use cannot be exempt"),
            ({"share": Fraction(11, 10)}, "A share of 1.1 of the use cannot be exempt"),
            ({"until_day": JULY}, "from 2025-07-01 until 2025-07-01 holds on no day"),
            ({"kind": ExemptionKind.LARGE_USE}, "'large_use' is no ground of exemption from sales"),
            (
                {"tax": TaxKind.GROSS_RECEIPTS},
                "'charitable' is no ground of exemption from gross-receipts tax",
            ),
            (
                {"tax": TaxKind.GROSS_RECEIPTS, "kind": ExemptionKind.LARGE_USE},
                "Nobody said how much the customer uses on average",
            ),
            (
                {
                    "tax": TaxKind.GROSS_RECEIPTS,
                    "kind": ExemptionKind.LARGE_USE,
                    "average_kwh": Fraction(25_000),
                },
                "25000 kWh a month on average is not over 25000",
            ),
        ],
    )
    def test_is_said_and_changes_nothing(
        self, shops: Shops, changed: dict[str, Any], sentence: str
    ) -> None:
        account = shops.open(1)

        with pytest.raises(ExemptionRefused) as refused:
            shops.exempt(**changed)

        assert sentence in refused.value.sentence
        assert shops.store.exemptions_of_account(account, TOLD) == []

    def test_a_customer_over_the_average_is_exempt(self, shops: Shops) -> None:
        shops.open(1)
        shops.exempt(
            tax=TaxKind.GROSS_RECEIPTS,
            kind=ExemptionKind.LARGE_USE,
            average_kwh=Fraction("25000.001"),
        )

        bill = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued[0]

        assert taxes(bill)["municipal_gross_receipts_tax"] == 0
        assert taxes(bill)["state_sales_tax"] > 0

    def test_a_second_certificate_for_the_same_days(self, shops: Shops) -> None:
        shops.open(1)
        shops.exempt()

        with pytest.raises(Conflict, match="certificate 12-345"):
            shops.exempt(certificate="99")

    def test_ending_what_is_not_there_or_what_several_are(self, shops: Shops) -> None:
        account = shops.open(1)
        how = {"learned_at": TOLD, "view": shops.view, "store": shops.store}
        day = date(2026, 1, 1)

        with pytest.raises(NotFound, match="There is no certificate 7 of account"):
            end_exemption(account_id=account, certificate="7", until_day=day, **how)
        shops.exempt(kind=ExemptionKind.GOVERNMENT)
        shops.exempt(kind=ExemptionKind.GOVERNMENT, tax=TaxKind.GROSS_RECEIPTS)
        later = {**how, "learned_at": TOLD + timedelta(hours=1)}
        with pytest.raises(ExemptionRefused, match="2 certificates of account"):
            end_exemption(account_id=account, certificate="12-345", until_day=day, **later)
        done = end_exemption(
            account_id=account, certificate="12-345", until_day=day, tax=TaxKind.SALES, **later
        )
        assert done.exemption.days.until_day == day


class TestTheReport:
    def test_ties_to_the_ledger_to_the_cent(self, shops: Shops) -> None:
        for number in (1, 2):
            shops.open(number)
        shops.open(3, schedule="1M-anytime", tax_place="university_city")
        shops.exempt(2, kind=ExemptionKind.MANUFACTURING, share=Fraction(3, 5))
        run = shops.bill(1, 2, 3, known_at=TOLD + timedelta(seconds=1))
        days = DaySpan(date(2025, 10, 10), date(2025, 10, 11))

        report = tax_report(days, store=shops.store)

        told = report.as_json()
        assert told["ties"]
        assert told["apart"] == []
        assert [one["ledger_account"] for one in told["taxes"]] == [
            "241.gross_receipts.bel_ridge",
            "241.gross_receipts.university_city",
            "241.local_sales.creve_coeur",
            "241.state_sales.mo",
        ]
        assert report.tax_cents == sum(sum(taxes(bill).values()) for bill in run.issued)
        shop = [bill for bill in run.issued if bill.account_id != shops.account(3)]
        charged = sum(bill.total_cents - sum(taxes(bill).values()) for bill in shop)
        for one in report.totals:
            if one.of.tax.endswith("sales"):
                assert one.taxable_cents + one.exempt_cents == charged
        state = report.totals[-1]
        assert state.exempt_cents > 0
        assert report.totals[-2].exempt_cents == 0  # manufacturing is taxed by the place

    def test_of_days_without_bills_is_empty_and_ties(self, shops: Shops) -> None:
        told = tax_report(DaySpan(JULY, date(2025, 7, 2)), store=shops.store).as_json()

        assert told["taxes"] == []
        assert (told["tax_usd"], told["posted_usd"], told["ties"]) == ("0.00", "0.00", True)

    def test_says_which_account_is_apart(self, shops: Shops) -> None:
        shops.open(1)
        bill = shops.bill(1, on=date(2025, 8, 10)).issued[0]
        name = f"bill:{bill.bill_id}"
        entry = shops.store._entries[name]
        state = next(leg for leg in entry.legs if leg.ledger_account == "241.state_sales.mo")
        moved = tuple(
            replace(leg, ledger_account="241") if leg is state else leg for leg in entry.legs
        )
        shops.store._entries[name] = replace(entry, legs=moved)

        report = tax_report(
            DaySpan(bill.issued_day, bill.issued_day + timedelta(days=1)), store=shops.store
        )

        assert report.apart == {"241": -state.cents, "241.state_sales.mo": state.cents}
        assert not report.as_json()["ties"]


def test_the_record_of_a_home_says_nothing_of_sales_tax(shops: Shops) -> None:
    shops.open(1, schedule="1M-anytime")
    bill = shops.bill(1).issued[0]

    text = shops.store.bill(bill.bill_id).record.decode()

    assert "sales_tax" not in text
    assert "service_class" not in read_record(text.encode())


class TestAnotherRateOption:
    """A certificate of one agreement goes on with the one that continues it."""

    @pytest.fixture
    def home(self, shops: Shops) -> Shops:
        shops.open(1, schedule="1M-anytime")
        (service,) = shops.town.services(1, known_at=KNOWN)
        shops.exempt(
            tax=TaxKind.GROSS_RECEIPTS, kind=ExemptionKind.GOVERNMENT,
            agreement_id=service.agreement.agreement_id,
        )  # fmt: skip
        change_rate(
            account_id=shops.account(1), schedule="1M-overnight", asked=date(2025, 8, 10),
            learned_at=TOLD + timedelta(hours=1), view=shops.view, store=shops.store,
        )  # fmt: skip
        return shops

    def test_is_exempt_as_before(self, home: Shops) -> None:
        bills = home.bill(1, on=date(2025, 10, 1), known_at=TOLD + timedelta(hours=2)).issued
        taxed = {
            one.schedule: sum(line.cents for line in one.lines if line.group.value == "tax")
            for one in bills
        }
        assert taxed == {"1M-anytime": 0, "1M-overnight": 0}

    @pytest.mark.parametrize("day", [date(2025, 8, 1), date(2025, 9, 10)])
    def test_is_ended_by_its_number_for_both(self, home: Shops, day: date) -> None:
        late = TOLD + timedelta(hours=3)
        end_exemption(
            account_id=home.account(1), certificate="12-345", until_day=day, learned_at=late,
            view=home.view, store=home.store,
        )  # fmt: skip
        known = home.store.exemptions_of_account(home.account(1), late)
        assert known
        assert all(one.days.until_day == day for one in known)
