"""Words and geometry: what a person reads is what the record says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.journeys.town import VIEWER, Town

from meterledger.entrypoints.web.chart import HEIGHT, MOST_TICKS, daily_chart, stretch_chart
from meterledger.entrypoints.web.money_words import (
    cause_address,
    entry_words,
    inside_words,
    tender_words,
)
from meterledger.entrypoints.web.story import bill_states
from meterledger.entrypoints.web.words import (
    dated,
    dollars,
    exact_decimal,
    initials,
    kwh_words,
    list_words,
    number_words,
    percent_words,
    span_words,
    validity_words,
)
from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import Application, ItemKind
from meterledger.kernel.span import DaySpan, Validity
from meterledger.ledger import receivable

NOW = datetime(2025, 12, 1, tzinfo=UTC)


class TestDays:
    @pytest.mark.parametrize(
        ("from_day", "until_day", "words"),
        [
            (date(2025, 7, 1), date(2025, 8, 1), "July 1 to July 31, 2025"),
            (date(2025, 7, 1), date(2025, 7, 2), "July 1, 2025"),
            (date(2025, 12, 31), date(2026, 1, 1), "December 31, 2025"),
            (date(2025, 12, 31), date(2026, 1, 2), "December 31, 2025 to January 1, 2026"),
        ],
    )
    def test_are_shown_with_the_last_day_in(
        self, from_day: date, until_day: date, words: str
    ) -> None:
        assert span_words(DaySpan(from_day, until_day)) == words
        assert validity_words(Validity(from_day, until_day)) == words

    def test_without_an_end_say_so(self) -> None:
        assert validity_words(Validity(date(2025, 6, 1))) == "June 1, 2025, until further notice"


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (kwh_words(20_449), "20.4"),
        (kwh_words(20_450), "20.5"),
        (kwh_words(1_234_567, 3), "1,234.567"),
        (kwh_words(999_949), "999.9"),
        (kwh_words(999_950), "1,000.0"),
        (number_words("1268.36"), "1,268.36"),
        (number_words("5/6"), "5/6"),
        (dollars("-1651.90"), "-$1,651.90"),
        (dollars("0.00395"), "$0.00395"),
        (percent_words("0.09"), "9%"),
        (percent_words("0.0525"), "5.25%"),
        (percent_words("1/3"), "100/3%"),
        (exact_decimal(Fraction(-1, 8)), "-0.125"),
        (exact_decimal(Fraction(1, 3)), "1/3"),
        (list_words(["a"]), "a"),
        (list_words(["a", "b", "c"]), "a, b and c"),
        (initials("Ana María Rivera"), "A. M. R."),
    ],
)
def test_figures_are_written_as_a_person_writes_them(shown: str, words: str) -> None:
    assert shown == words


class TestTheChart:
    @given(st.lists(st.integers(min_value=0, max_value=10**8), min_size=1, max_size=70))
    def test_keeps_every_day_and_its_place_whatever_the_load(self, daily_wh: list[int]) -> None:
        first = date(2025, 10, 20)
        days = DaySpan(first, date.fromordinal(first.toordinal() + len(daily_wh)))

        chart = daily_chart(days, daily_wh)

        assert [bar.energy_wh for bar in chart.bars] == daily_wh
        assert [bar.day for bar in chart.bars] == list(days.days())
        assert all(bar.y + bar.height == HEIGHT and bar.y >= 0 for bar in chart.bars)
        by_energy = sorted(chart.bars, key=lambda bar: bar.energy_wh)
        assert [bar.height for bar in by_energy] == sorted(bar.height for bar in chart.bars)
        assert 2 <= len(chart.ticks) <= MOST_TICKS + 1
        assert (chart.ticks[0].y, chart.ticks[-1].y) == (HEIGHT, 0)

    @pytest.mark.parametrize(
        ("most_wh", "ticks"),
        [
            (20_000, ["0", "5", "10", "15", "20"]),
            (20_001, ["0", "10", "20", "30"]),
            (40_000, ["0", "10", "20", "30", "40"]),
            (0, ["0", "0.001"]),
            (900, ["0", "0.5", "1"]),
        ],
    )
    def test_has_a_scale_of_round_steps(self, most_wh: int, ticks: list[str]) -> None:
        chart = daily_chart(DaySpan(date(2025, 7, 1), date(2025, 7, 2)), [most_wh])
        assert [tick.text for tick in chart.ticks] == ticks

    @pytest.mark.parametrize(
        ("daily_wh", "said"),
        [
            ([12_000], "One bar for one day. July 1, 2025: 12.0 kWh."),
            (
                [12_000, 9_500],
                "A bar for each of 2 days. Most: July 1, 2025: 12.0 kWh. "
                "Least: July 2, 2025: 9.5 kWh. The table below gives every day.",
            ),
        ],
    )
    def test_is_told_in_words_of_one_day_too(self, daily_wh: list[int], said: str) -> None:
        first = date(2025, 7, 1)
        days = DaySpan(first, date.fromordinal(first.toordinal() + len(daily_wh)))
        assert daily_chart(days, daily_wh).summary == said

    def test_is_told_in_words_of_days_measured_together(self) -> None:
        july, august = (date(2025, month, 1) for month in (7, 8))
        one = [(DaySpan(july, august), 31_000)]
        two = [*one, (DaySpan(august, date(2025, 9, 1)), 62_000)]
        assert stretch_chart(one).summary.startswith("One bar for one stretch of days. July 1")
        assert stretch_chart(two).summary.startswith("A bar for each of 2 stretches of days. July")


def test_what_is_open_of_a_bill_is_what_its_open_item_says() -> None:
    town = Town()
    with town.store.viewing(VIEWER, []):
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 11, 1)))
        town.bill(1, on=date(2025, 11, 1))
        account = town.account_id(1)
        first, *_, last = bills = town.store.bills_of_account(account)
        entries = town.store.entries_of_account(account)
        assert {one.open_cents for one in bill_states(bills, None)} == {0}
        for newest, oldest in ((0, first.total_cents), (1, 0), (last.total_cents, 1)):
            given = [
                Application(
                    *(f"A-{bill.bill_id}", "payment:P", f"bill:{bill.bill_id}", ItemKind.UTILITY),
                    *(account, cents, date(2025, 11, 2), NOW),
                )
                for bill, cents in ((last, newest), (first, oldest))
                if cents
            ]
            legs = (Leg("131", newest + oldest), Leg("142", -newest - oldest, account))
            paid = Entry("payment:P", date(2025, 11, 2), NOW, legs, "cash payment P")
            found = receivable(account, [*entries, paid], given, due_days={}, at=date(2025, 12, 1))
            states = bill_states(bills, found)
            opened = [one.open_cents for one in states]
            assert opened[0] == first.total_cents - oldest
            assert opened[-1] == last.total_cents - newest
            assert sum(opened) == town.store.balance_cents(account) - newest - oldest
            words = {0: "Open", last.total_cents: "Paid"}.get(newest, "Partly paid")
            assert states[-1].words == words


class TestDaysInSentences:
    @pytest.mark.parametrize(
        ("sentence", "shown"),
        [
            ("within 21 days, by 2026-12-20", "within 21 days, by December 20, 2026"),
            ("its due day stands in: 2026-08-05.", "its due day stands in: August 5, 2026."),
            ("on 2026-02-29 nothing is", "on 2026-02-29 nothing is"),
            ("the charge 4000000010:2026-08-05", "the charge 4000000010:2026-08-05"),
            ("Prime of 2024-11-29: 7.75 percent", "Prime of November 29, 2024: 7.75 percent"),
            ("2026-08-05:4000000010 stays", "2026-08-05:4000000010 stays"),
            ("EXT-7.refunded.2018-08-01 is kept", "EXT-7.refunded.2018-08-01 is kept"),
            ("B-1-2026-08-05-v2", "B-1-2026-08-05-v2"),
        ],
    )
    def test_are_in_words_and_days_in_names_stay(self, sentence: str, shown: str) -> None:
        assert dated(sentence) == shown


def test_a_tender_is_written_as_people_write_it() -> None:
    assert [tender_words(one) for one in ("ach", "money order")] == ["ACH", "money order"]
    written = [entry_words("payment:R", f"{one} payment R") for one in ("ach", "money order")]
    assert written == ["ACH payment", "Money order payment"]
    assert [inside_words(one) for one in written] == ["ACH payment", "money order payment"]


class TestCauses:
    @pytest.mark.parametrize(
        ("entry_id", "cause", "address"),
        [
            ("bill:B-1", "", "/bills/B-1/"),
            ("payment:R-1", "cash payment R-1", "/payments/R-1/"),
            ("payment:R-771", "check payment R-771, extension EXT.7", "/extensions/EXT.7/"),
            ("reversal:unapplied:lockbox:1:2", "", "/payments/lockbox:1:2/"),
            ("deposit-interest:D-0a.interest.2026-07-01", "", "/deposits/D-0a/"),
            ("deposit-applied:D-0a.applied.2026-07-01", "", "/deposits/D-0a/"),
            ("deposit:D-0a/2", "", "/deposits/D-0a/"),
            ("ext-refund:EXT.7.refunded.2018-08-01", "", "/extensions/EXT.7/"),
            ("ext-refund:E-7.given-back.2018-08-01", "", "/extensions/E-7/"),
            ("special-facility:E-7.charged.2018-08", "", "/extensions/E-7/"),
            ("refund:4-2.sent.1", "", "/settlements/refund:4-2/"),
            ("accrual:2026-10-31", "", ""),
        ],
    )
    def test_have_their_page(self, entry_id: str, cause: str, address: str) -> None:
        assert cause_address(entry_id, cause) == address

    def test_money_of_an_extension_says_so(self) -> None:
        told = entry_words("payment:R-771", "check payment R-771, extension EXT-7")
        assert told == "Check payment, extension EXT-7"

    def test_a_late_charge_says_of_when(self) -> None:
        words = "Late charge on what was unpaid after August 5, 2026"
        assert entry_words("late:4000000010:2026-08-05") == words
        assert entry_words("late:4000000010:2026-08-05:2") == words
        assert entry_words("reversal:late:4:2026-08-05") == f"Taken back: l{words[1:]}"
        assert entry_words("late:L-1") == "Late charge"
