"""Where premises are taxed and who is exempt: two clocks, one a day; on memory and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    FIRST_DAY,
    LATER,
    LEARNED,
    account_id,
    agreement_of,
    bill_of,
    entry_of,
    month_of,
    rebill_of,
    start_of,
)

from meterledger.facts.bills import Bill
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.money import Entry, Leg
from meterledger.facts.places import BillableService, TaxPlace
from meterledger.facts.taxes import (
    ExemptionKind,
    SalesTaxPlace,
    TaxExemption,
    TaxKind,
    TaxOfLine,
    TaxTotal,
)
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.usecases.ports import Conflict, NotViewing, Store

STOP = date(2025, 4, 1)
SALES = SalesTaxPlace("P-1", "creve_coeur", Validity(FIRST_DAY), LEARNED)
CERTIFICATE = TaxExemption(
    *(account_id(1), "", TaxKind.SALES, ExemptionKind.MANUFACTURING, "149-7", Fraction(3, 5)),
    *(Validity(FIRST_DAY), LATER),
)


def service(store: Store, at: datetime = LATER + timedelta(days=1)) -> BillableService:
    with store.viewing(ANALYST, [account_id(1)]):
        return store.service_of_agreement(agreement_of(1).agreement_id, at)


def certificates(store: Store, at: datetime = LATER + timedelta(days=1)) -> list[TaxExemption]:
    with store.viewing(ANALYST, [account_id(1)]):
        return store.exemptions_of_account(account_id(1), at)


class TestWhereAPremiseIsTaxed:
    def test_is_known_with_its_service_from_the_instant_it_was_learned(self, store: Store) -> None:
        store.start_service(start_of(1))

        assert store.tax_premise(replace(SALES, learned_at=LATER))

        assert service(store).sales_tax_places == (replace(SALES, learned_at=LATER),)
        assert service(store, LATER - timedelta(seconds=1)).sales_tax_places == ()

    def test_the_same_again_changes_nothing(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.tax_premise(SALES)

        assert not store.tax_premise(replace(SALES, learned_at=LATER))
        assert not store.tax_premise(replace(SALES, days=Validity(STOP), learned_at=LATER))

        assert service(store).sales_tax_places == (SALES,)

    def test_another_from_a_day_on_ends_what_was_true_before(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.tax_premise(SALES)

        store.tax_premise(SalesTaxPlace("P-1", "none", Validity(STOP), LATER))

        assert [(one.jurisdiction, one.days) for one in service(store).sales_tax_places] == [
            ("creve_coeur", Validity(FIRST_DAY, STOP)),
            ("none", Validity(STOP)),
        ]
        assert service(store, LATER - timedelta(seconds=1)).sales_tax_places == (SALES,)

    def test_a_premise_that_a_city_annexed_is_in_the_city_from_then_on(self, store: Store) -> None:
        store.start_service(start_of(1, place="none"))

        store.tax_premise(TaxPlace("P-1", "pagedale", Validity(STOP), LATER))

        assert [(one.place, one.days) for one in service(store).tax_places] == [
            ("none", Validity(FIRST_DAY, STOP)),
            ("pagedale", Validity(STOP)),
        ]

    def test_what_begins_later_is_not_overwritten(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.tax_premise(replace(SALES, days=Validity(STOP)))

        with pytest.raises(Conflict, match="is taxed otherwise from 2025-04-01 on"):
            store.tax_premise(SalesTaxPlace("P-1", "none", Validity(FIRST_DAY), LATER))

        assert len(service(store).sales_tax_places) == 1

    def test_of_a_premise_that_nobody_has_is_refused(self, store: Store) -> None:
        with pytest.raises(Conflict, match="There is no premise P-1"):
            store.tax_premise(SALES)


class TestAStartOfService:
    def test_records_the_sales_tax_jurisdiction_with_all_else(self, store: Store) -> None:
        store.start_service(replace(start_of(1), sales_tax_place=SALES))

        assert service(store).sales_tax_places == (SALES,)

    def test_with_another_jurisdiction_than_is_known_is_refused_whole(self, store: Store) -> None:
        store.start_service(replace(start_of(1), sales_tax_place=SALES))
        other = replace(SALES, jurisdiction="none")
        second = replace(
            start_of(1), agreement=replace(agreement_of(1), agreement_id="AG-X"),
            sales_tax_place=other,
        )  # fmt: skip

        with pytest.raises(Conflict, match="the sales-tax jurisdiction of premise P-1"):
            store.start_service(second)

        assert service(store).sales_tax_places == (SALES,)


class TestACertificate:
    def test_is_known_with_its_service_from_the_instant_it_was_learned(self, store: Store) -> None:
        store.start_service(start_of(1))

        assert store.record_exemption(CERTIFICATE) == CERTIFICATE

        assert certificates(store) == [CERTIFICATE]
        assert service(store).tax_exemptions == (CERTIFICATE,)
        assert certificates(store, LATER - timedelta(seconds=1)) == []
        assert service(store, LATER - timedelta(seconds=1)).tax_exemptions == ()

    def test_the_same_again_changes_nothing(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)

        store.record_exemption(replace(CERTIFICATE, learned_at=LATER + timedelta(hours=1)))

        assert certificates(store) == [CERTIFICATE]

    def test_a_second_one_for_the_tax_on_a_day_is_refused(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)

        with pytest.raises(Conflict, match="certificate 149-7"):
            store.record_exemption(replace(CERTIFICATE, certificate="149-8", days=Validity(STOP)))

        assert certificates(store) == [CERTIFICATE]

    def test_for_another_tax_or_for_an_agreement_stands_beside_it(self, store: Store) -> None:
        store.start_service(start_of(1))
        others = [
            replace(CERTIFICATE, tax=TaxKind.GROSS_RECEIPTS),
            replace(CERTIFICATE, agreement_id=agreement_of(1).agreement_id),
        ]

        for one in (CERTIFICATE, *others):
            store.record_exemption(one)

        found = certificates(store)
        assert {(one.agreement_id, one.tax) for one in found} == {
            ("", TaxKind.SALES),
            ("", TaxKind.GROSS_RECEIPTS),
            (agreement_of(1).agreement_id, TaxKind.SALES),
        }
        assert service(store).tax_exemptions == tuple(found)

    def test_of_another_agreement_is_not_with_this_service(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_exemption(replace(CERTIFICATE, account_id=account_id(2)))

        assert service(store).tax_exemptions == ()

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"account_id": account_id(7)}, "There is no account"),
            ({"agreement_id": "AG-7"}, "There is no agreement AG-7"),
            ({"agreement_id": agreement_of(2).agreement_id}, "There is no agreement AG-2"),
        ],
    )
    def test_of_nobody_is_refused(self, store: Store, wrong: dict[str, str], sentence: str) -> None:
        store.start_services([start_of(1), start_of(2)])

        with pytest.raises(Conflict, match=sentence):
            store.record_exemption(replace(CERTIFICATE, **wrong))  # type: ignore[arg-type]

        assert certificates(store) == []

    def test_is_learned_after_every_bill_of_the_account(self, store: Store) -> None:
        """A bill made at the very instant was made without it, and is replayed without it."""
        store.start_service(start_of(1))
        store.record_bills([bill_of(1)])

        kept = store.record_exemption(CERTIFICATE)

        assert kept.learned_at > LATER
        assert service(store, LATER).tax_exemptions == ()
        assert certificates(store) == [kept]

    def test_ends_on_a_day_and_what_was_known_before_stays(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)
        told_at = LATER + timedelta(hours=1)

        ended = store.end_exemption(CERTIFICATE, STOP, told_at)

        assert ended.days == Validity(FIRST_DAY, STOP)
        assert certificates(store) == [ended]
        assert certificates(store, told_at - timedelta(seconds=1)) == [CERTIFICATE]

    @pytest.mark.parametrize(
        ("day", "sentence"),
        [
            (FIRST_DAY, "It begins on 2025-01-01 and cannot end on 2025-01-01"),
            (FIRST_DAY - timedelta(days=1), "cannot end on 2024-12-31"),
        ],
    )
    def test_holds_on_one_day_at_least(self, store: Store, day: date, sentence: str) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)

        with pytest.raises(Conflict, match=sentence):
            store.end_exemption(CERTIFICATE, day, LATER)

        ended = store.end_exemption(CERTIFICATE, FIRST_DAY + timedelta(days=1), LATER)
        assert certificates(store) == [ended]

    def test_is_never_made_longer(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)
        ended = store.end_exemption(CERTIFICATE, STOP, LATER)

        with pytest.raises(Conflict, match="It ends on 2025-04-01 already"):
            store.end_exemption(ended, STOP, LATER)

    def test_that_was_changed_meanwhile_is_not_ended(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)
        store.end_exemption(CERTIFICATE, STOP, LATER)

        with pytest.raises(Conflict, match="It is not known as you gave it"):
            store.end_exemption(CERTIFICATE, STOP - timedelta(days=1), LATER)

    def test_after_one_that_ended_is_another(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_exemption(CERTIFICATE)
        store.end_exemption(CERTIFICATE, STOP, LATER)

        store.record_exemption(replace(CERTIFICATE, certificate="149-8", days=Validity(STOP)))

        assert [one.certificate for one in certificates(store)] == ["149-7", "149-8"]

    def test_goes_on_with_another_rate_option_and_ends_with_it(self, store: Store) -> None:
        store.start_service(start_of(1))
        old, then = agreement_of(1), replace(agreement_of(1, STOP), learned_at=LATER)
        first = store.record_exemption(replace(CERTIFICATE, agreement_id=old.agreement_id))
        on = replace(first, agreement_id=then.agreement_id, days=Validity(STOP))
        store.change_agreement(
            old.agreement_id, STOP, replace(then, schedule="1M-smart"), [], (), [on]
        )
        (_, carried) = certificates(store)
        assert (carried.agreement_id, carried.days) == (then.agreement_id, Validity(STOP))

        late = LATER + timedelta(days=2)
        store.end_exemption(first, STOP - timedelta(days=9), late, [carried])

        (left,) = certificates(store, late)
        assert (left.agreement_id, left.days.until_day) == (
            old.agreement_id,
            STOP - timedelta(days=9),
        )
        assert certificates(store, late - timedelta(hours=1)) == [first, carried]

    def test_of_a_rate_option_that_is_taken_back_holds_no_more(self, store: Store) -> None:
        store.start_service(start_of(1))
        old, then = agreement_of(1), replace(agreement_of(1, STOP), learned_at=LATER)
        first = store.record_exemption(replace(CERTIFICATE, agreement_id=old.agreement_id))
        on = replace(first, agreement_id=then.agreement_id, days=Validity(STOP))
        store.change_agreement(
            old.agreement_id, STOP, replace(then, schedule="1M-smart"), [], (), [on]
        )

        store.take_back_agreement(then.agreement_id, LATER + timedelta(days=1))

        assert certificates(store, LATER + timedelta(days=2)) == [first]

    def test_recorded_twice_at_once_is_kept_once(self, store: Store) -> None:
        store.start_service(start_of(1))
        asked = [replace(CERTIFICATE, certificate=f"C-{number}") for number in range(4)]

        def record(one: TaxExemption) -> bool:
            try:
                store.record_exemption(one)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            kept = list(pool.map(record, asked))

        assert kept.count(True) == 1
        assert len(certificates(store)) == 1

    def test_is_read_by_a_named_viewer_only(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.exemptions_of_account(account_id(1), LATER)


def taxed(number: int, month: int, *, exempt: str = "0.00") -> tuple[Bill, Entry | None]:
    """A bill of 100.00 with two taxes on it."""
    bill, _ = bill_of(number, month, cents=100_00)
    lines = tuple(
        ChargeLine(
            *(code, "A tax", ChargeGroup.TAX, bill.days, "100.00", "USD", "0.04", cents),
            *(Standing.ASSUMED, (CLAUSE,), ""),
            inputs=(("rate_series", series), ("charges_usd", "100.00"), *told),
        )
        for code, series, cents, told in (
            (
                *("municipal_gross_receipts_tax", "municipal_gross_receipts_pagedale", 6_38),
                (),
            ),
            (
                *("state_sales_tax", "sales_tax_state_mo", 1_69),
                (("exempt_usd", exempt), ("taxable_usd", "40.00")),
            ),
        )
    )
    bill = replace(bill, lines=(*bill.lines, *lines))
    name = f"bill:{bill.bill_id}"
    return bill, entry_of(name, bill.issued_day, bill.account_id, bill.total_cents)


class TestWhatWasTaxed:
    def totals(self, store: Store, since: date, until: date) -> list[TaxTotal]:
        with store.viewing(ANALYST, ["taxes"]):
            return store.tax_totals(since, until)

    def test_is_added_up_by_tax_over_bills_of_the_days(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([taxed(1, 0, exempt="60.00"), taxed(2, 0, exempt="60.00")])
        store.record_bills([taxed(1, 1)])
        day = month_of(0).until_day

        found = self.totals(store, day, day + timedelta(days=1))

        assert found == [
            TaxTotal(TaxOfLine("gross_receipts", "pagedale"), 200_00, 0, 12_76, 2),
            TaxTotal(TaxOfLine("state_sales", "mo"), 80_00, 120_00, 3_38, 2),
        ]
        assert self.totals(store, day - timedelta(days=9), day) == []
        assert self.totals(store, day + timedelta(days=1), day + timedelta(days=2)) == []

    def test_a_cancelled_bill_is_taken_off_on_the_day_of_its_reversal(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = taxed(1, 0)
        store.record_bills([(bill, entry)])
        rebill = rebill_of(1)
        assert rebill.reversal is not None
        reversal = entry_of(
            rebill.reversal.entry_id, rebill.reversal.effective_day, bill.account_id,
            -bill.total_cents,
        )  # fmt: skip
        store.record_rebills(
            [replace(rebill, reversal=replace(reversal, reverses=rebill.reversal.reverses))]
        )
        day = rebill.reversal.effective_day

        assert [one.tax_cents for one in self.totals(store, day, day + timedelta(days=1))] == [
            -6_38,
            -1_69,
        ]
        both = self.totals(store, bill.issued_day, day + timedelta(days=1))
        assert [(one.tax_cents, one.bill_count) for one in both] == [(0, 0), (0, 0)]

    def test_postings_of_the_days_are_summed_by_sub_account(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        for number in (1, 2):
            bill, entry = taxed(number, 0)
            assert entry is not None
            legs = (
                Leg("142", bill.total_cents, bill.account_id),
                Leg("241.state_sales.mo", -1_69),
                Leg("241", -6_38),
                Leg("440", -100_00),
            )
            store.record_bills([(bill, replace(entry, legs=legs))])
        day = month_of(0).until_day

        with store.viewing(ANALYST, ["taxes"]):
            assert store.tax_postings(day, day + timedelta(days=1)) == {
                "241": -12_76,
                "241.state_sales.mo": -3_38,
            }
            assert store.tax_postings(FIRST_DAY, day) == {}

    def test_a_difference_that_is_left_is_of_the_jurisdiction_of_its_tax(
        self, store: Store
    ) -> None:
        """Such a line says no rate."""
        store.start_services([start_of(1)])
        bill, _ = taxed(1, 0)
        left = [
            replace(one, cents=-1_00, inputs=(("charged_usd", "0.00"),))
            for one in bill.lines
            if one.group is ChargeGroup.TAX
        ]
        bill = replace(bill, lines=(*bill.lines, *left))
        entry = entry_of(f"bill:{bill.bill_id}", bill.issued_day, bill.account_id, bill.total_cents)
        store.record_bills([(bill, entry)])

        found = self.totals(store, bill.issued_day, bill.issued_day + timedelta(days=1))

        assert [(one.of.jurisdiction, one.tax_cents, one.bill_count) for one in found] == [
            ("pagedale", 5_38, 1),
            ("mo", 69, 1),
        ]

    def test_is_read_by_a_named_viewer_only(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.tax_totals(FIRST_DAY, STOP)
        with pytest.raises(NotViewing):
            store.tax_postings(FIRST_DAY, STOP)
