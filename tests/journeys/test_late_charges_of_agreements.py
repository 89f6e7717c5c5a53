"""Late charges of accounts with payment agreements, told through the port of their chapter.

Each bill is of $100.00; the agreement collects debts in instalments of $25.00 each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.late_town import CORRECTED, DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST

from meterledger.facts.late_charges import AgreementStanding, LateReason, ReversalCause, mask_of
from meterledger.usecases import late_charge_ports
from meterledger.usecases.late_charge_columns import decide_columns
from meterledger.usecases.late_charge_decide import consider
from meterledger.usecases.late_charge_ports import NOTHING_ELSEWHERE, Elsewhere
from meterledger.usecases.late_charge_rows import columns_of
from meterledger.usecases.late_charges import LateRun, correct_late_charges, said_of

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
INSTALMENT = 25_00


@dataclass
class Agreement:
    """An agreement on two clocks, with the days on which instalments fall due and were paid."""

    made_on: date = ISSUED[0]
    kind: str = "deferred payment"
    due: Sequence[date] = (DUE[0],)
    paid: Mapping[date, date] = field(default_factory=dict)
    later_cents: int = 75_00
    learned_at: datetime = NOW - 2 * AN_HOUR
    ended_on: date | None = None
    unpaid_cents: int = INSTALMENT

    def standing(self, on: date) -> AgreementStanding:
        """How it stands on the morning of a day: an instalment of yesterday is missed today."""
        come = [day for day in self.due if day < on]
        open_ = [day for day in come if self.paid.get(day, date.max) > day]
        later = self.later_cents + INSTALMENT * (len(self.due) - len(come))
        ended = self.ended_on is not None and self.ended_on <= on
        paid = {day: at for day, at in self.paid.items() if at <= day}
        return AgreementStanding(
            *(self.kind, later, self.unpaid_cents * len(open_), ended),
            tuple((at, INSTALMENT) for at in paid.values() if at < on),
        )


@dataclass
class Chapter:
    """The port of agreements, over one that an account has."""

    account: str
    agreement: Agreement

    def agreements_on(
        self, account_ids: Sequence[str], on: date, known_at: datetime
    ) -> dict[str, AgreementStanding]:
        one = self.agreement
        stands = one.made_on <= on and one.learned_at <= known_at and self.account in account_ids
        return {self.account: one.standing(on)} if stands else {}


@pytest.fixture
def paper(first_book: Any) -> PaperAccount:
    return PaperAccount(first_book)


def chapters(paper: PaperAccount, agreement: Agreement) -> Elsewhere:
    return replace(NOTHING_ELSEWHERE, agreements=Chapter(paper.account, agreement))


def run(paper: PaperAccount, agreement: Agreement, month: int = 1, **how: Any) -> LateRun:
    """The run before a bill, after which the same is asked by itself and in columns."""
    told = chapters(paper, agreement)
    known_at = how.get("known_at", NOW)
    with paper.store.viewing(ANALYST, ["all"]):
        history = paper.store.late_histories([paper.account], known_at)[paper.account]
        said = said_of([paper.account], ISSUED[month], known_at, told)
    at: dict[str, Any] = {"on": ISSUED[month], "view": paper.book.as_known(known_at.date())}
    alone = consider(history, **at, known_at=known_at, said=said.get(paper.account))
    found = decide_columns(columns_of([history]), **at, said=said)
    made = paper.run(ISSUED[month], elsewhere=told, **how)
    assert made.cents == alone.cents
    if not found.one_by_one[0]:
        assert (found.cents[0], found.reasons[0]) == (alone.cents, mask_of(alone.reasons))
    return made


class TestAnInstalment:
    @pytest.mark.parametrize(
        ("due", "paid", "base"),
        [
            (ISSUED[1], None, None),  # it comes due on the day of the bill
            (ISSUED[1] - A_DAY, None, INSTALMENT),
            (ISSUED[1] - A_DAY, ISSUED[1] - A_DAY, None),
            (ISSUED[1] - 2 * A_DAY, ISSUED[1] - A_DAY, INSTALMENT),
        ],
    )
    def test_is_charged_on_itself_once_it_is_missed(
        self, paper: PaperAccount, due: date, paid: date | None, base: int | None
    ) -> None:
        paper.bill(0)
        agreement = Agreement(due=(due,), paid={due: paid} if paid else {})

        made = run(paper, agreement)

        assert [one.base_cents for one in made.charges] == ([base] if base else [])
        kept, missed = LateReason.AGREEMENT_KEPT.value, LateReason.AGREEMENT_MISSED.value
        assert dict(made.by_code) == {missed if base else kept: 1}

    @pytest.mark.parametrize(("cents", "charge"), [(33, 0), (34, 1), (25_00, 38), (24_99, 37)])
    def test_costs_the_rate_on_what_is_unpaid_of_it(
        self, paper: PaperAccount, cents: int, charge: int
    ) -> None:
        paper.bill(0)

        made = run(paper, Agreement(unpaid_cents=cents, later_cents=100_00 - cents))

        assert [(one.cents, one.base_cents) for one in made.charges] == (
            [(charge, cents)] if charge else []
        )

    def test_is_charged_once_on_a_bill_of_two_dates(self, paper: PaperAccount) -> None:
        """The first bill's date waited for a payment, and falls to the bill of the second's."""
        paper.bill(0)
        unknown = replace(chapters(paper, Agreement()), unknown_payments=Unknown(paper.account))
        assert paper.run(ISSUED[1], elsewhere=unknown).charges == []
        paper.bill(1)

        made = run(paper, Agreement(later_cents=175_00), 2, known_at=NOW + AN_HOUR)

        assert [(one.delinquent_day, one.base_cents) for one in made.charges] == [
            (DUE[0], INSTALMENT)
        ]


@dataclass
class Unknown:
    """A payment of which nobody knows."""

    account: str

    def unknown_payment_cents(self, account_ids: Sequence[str], on: date) -> dict[str, int]:
        return {self.account: 1}


class TestAnAgreement:
    @pytest.mark.parametrize(
        ("later", "base"), [(100_00, None), (99_67, None), (99_66, 34), (60_00, 40_00)]
    )
    def test_spares_what_it_collects_and_not_a_cent_more(
        self, paper: PaperAccount, later: int, base: int | None
    ) -> None:
        paper.bill(0)

        made = run(paper, Agreement(due=(), later_cents=later))

        assert [one.base_cents for one in made.charges] == ([base] if base else [])

    @pytest.mark.parametrize(
        ("changed", "spares"),
        [
            ({"made_on": ISSUED[1]}, True),
            ({"made_on": ISSUED[1] + A_DAY}, False),
            ({"learned_at": NOW}, True),
            ({"learned_at": NOW + timedelta(seconds=1)}, False),
            ({"ended_on": ISSUED[1] + A_DAY}, True),
            ({"ended_on": ISSUED[1]}, False),
            ({"kind": "settlement"}, True),
            ({"kind": "cold weather"}, True),
        ],
    )
    def test_spares_while_it_stands_and_is_known(
        self, paper: PaperAccount, changed: dict[str, Any], spares: bool
    ) -> None:
        paper.bill(0)

        made = run(paper, Agreement(due=(), later_cents=100_00, **changed))

        assert [one.base_cents for one in made.charges] == ([] if spares else [100_00])

    @pytest.mark.parametrize(("kind", "base"), [("settlement", [INSTALMENT]), ("cold weather", [])])
    def test_of_the_winter_bears_none_when_an_instalment_is_missed(
        self, paper: PaperAccount, kind: str, base: list[int]
    ) -> None:
        paper.bill(0)

        assert [one.base_cents for one in run(paper, Agreement(kind=kind)).charges] == base

    def test_takes_the_oldest_debt_first(self, paper: PaperAccount) -> None:
        for month in (0, 1):
            paper.bill(month)

        (charge,) = run(paper, Agreement(due=(), later_cents=100_00), 2).charges

        assert charge.base_cents == 100_00
        assert set(charge.codes) == {"new", "agreement_kept"}


class TestWhatWasPaidAsAgreed:
    """Its money came after the bill's own day, and bears no charge."""

    @pytest.mark.parametrize(
        ("paid_on", "base"),
        [
            (DUE[0], 75_00),  # the payment was in time of the bill anyway, and lessens the base
            (DUE[0] + A_DAY, 75_00),
        ],
    )
    def test_is_spared_once(self, paper: PaperAccount, paid_on: date, base: int) -> None:
        paper.bill(0)
        paper.pay("R-1", INSTALMENT, paid_on)
        agreement = Agreement(due=(paid_on,), paid={paid_on: paid_on}, later_cents=0)

        (charge,) = run(paper, agreement).charges

        assert charge.base_cents == base

    def test_stays_spared_when_the_agreement_ends(self, paper: PaperAccount) -> None:
        paper.bill(0)
        paper.pay("R-1", INSTALMENT, DUE[0] + A_DAY)
        day = DUE[0] + A_DAY
        agreement = Agreement(due=(day,), paid={day: day}, later_cents=0, ended_on=ISSUED[1])

        (charge,) = run(paper, agreement).charges

        assert charge.base_cents == 75_00
        assert b"$25.00 were paid as agreed, and bear no late charge" in charge.record


class TestDecidedOnceMore:
    @pytest.mark.parametrize("missed", [True, False])
    def test_by_what_the_chapter_told_then_it_is_the_same(
        self, paper: PaperAccount, monkeypatch: pytest.MonkeyPatch, missed: bool
    ) -> None:
        paper.bill(0)
        agreement = Agreement() if missed else Agreement(due=(), later_cents=60_00)
        (charge,) = run(paper, agreement).charges
        assert not paper.replays(charge)  # nobody tells of it
        chapter = Chapter(paper.account, agreement)

        monkeypatch.setattr(late_charge_ports, "agreements_of", lambda _: chapter)

        assert paper.replays(charge)

    @pytest.mark.parametrize(
        ("made_on", "base"),
        [
            (ISSUED[1], 30_00),  # it stood, and spared 60.00 of 100.00: of 90.00 it spares as much
            (ISSUED[1] + A_DAY, 90_00),  # made after the charge: it takes nothing from it
        ],
    )
    def test_after_a_correction_it_is_by_the_agreement_of_its_own_day(
        self, paper: PaperAccount, monkeypatch: pytest.MonkeyPatch, made_on: date, base: int
    ) -> None:
        paper.bill(0)
        agreement = Agreement(made_on=made_on, due=(), later_cents=60_00)
        (charge,) = run(paper, agreement).charges
        on = ISSUED[1] + 3 * A_DAY
        paper.correct(0, 90_00, on)
        ended = replace(agreement, ended_on=on)
        told = chapters(paper, ended)

        with paper.store.viewing(ANALYST, ["all"]):
            lowered = correct_late_charges(
                on=on,
                known_at=CORRECTED + AN_HOUR,
                store=paper.store,
                book=paper.book,
                elsewhere=told,
            )

        assert [one.cause for one in lowered.reversals] == [ReversalCause.CORRECTED_BILL]
        (again,) = lowered.charges
        assert (charge.base_cents, again.base_cents) == (base + 10_00, base)
        monkeypatch.setattr(late_charge_ports, "agreements_of", lambda _: told.agreements)
        assert paper.replays(again)
