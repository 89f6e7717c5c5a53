"""Several meters of one account on one bill (GRR IV.C): issued, held, replayed, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.register_town import KWH
from tests.journeys.town import CLASSES_TOLD, FIRST, LATER, NOON, Town, even, lively

from meterledger.facts.bills import read_record
from meterledger.facts.extensions import ExtensionAct
from meterledger.facts.meters import BilledOn, Meter, MeterConfiguration, MeterKind
from meterledger.facts.participation import Participation
from meterledger.facts.taxes import ExemptionKind, TaxExemption, TaxKind
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.account_together import price_together
from meterledger.usecases.change_rate import RateRefused, change_rate
from meterledger.usecases.describe_meters import configure_meter
from meterledger.usecases.joined_services import NotTogether
from meterledger.usecases.ports import Conflict, NotFound, Viewer
from meterledger.usecases.take_back import Booked, NothingToTakeBack, take_back
from meterledger.usecases.together import CannotArrange, end_together, start_together
from meterledger.usecases.window_usage import MeterNotWhole

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
AUGUST = DaySpan(date(2025, 8, 1), date(2025, 9, 1))
BOTH = (JULY.from_day, AUGUST.until_day)
SAID = FIRST + timedelta(minutes=5)
SIGNED = {"by": "Ana Rivera", "reason": "asked on 20 June"}


def with_a_barn(town: Town, number: int = 2, **changed: Any) -> None:
    """Another service point of the first account, with its own meter and agreement."""
    barn = {
        "premise_id": f"PR{number}",
        "service_point_id": f"SP{number}",
        "meter_id": f"M{number}",
        "address": f"{number} Elm Street",
    }
    town.start(1, learned_at=FIRST, **{**barn, **changed})


def arrange(town: Town, on: date = JULY.from_day, at: datetime = SAID, **how: Any) -> Any:
    return start_together(
        account_id=town.account_id(1),
        on=on,
        learned_at=at,
        view=town.view,
        store=town.store,
        **{**SIGNED, **how},
    )


def part(town: Town, on: date, at: datetime = LATER) -> Any:
    return end_together(
        account_id=town.account_id(1),
        on=on,
        learned_at=at,
        view=town.view,
        store=town.store,
        **SIGNED,
    )


def read_both(town: Town, house: int = 100, barn: int = 7) -> None:
    town.read("M1", BOTH, even(house))
    town.read("M2", BOTH, even(barn))


@pytest.fixture
def town() -> Iterator[Town]:
    """One account with a house and a barn, billed in cycle 1 from July on."""
    made = Town()
    made.start(1)
    with_a_barn(made)
    with made.store.viewing(Viewer("test", "billing"), []):
        yield made


class TestOneBill:
    def test_is_on_the_sum_with_each_meters_share(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        run = town.bill(1, on=AUGUST.from_day)
        (bill,) = run.issued
        assert (run.due, run.held, run.known) == (1, [], 0)
        assert bill.usage.energy_wh == (100 + 7) * 31 * 96
        assert [(one.service_point_id, one.usage.energy_wh) for one in bill.usage.points] == [
            ("SP1", 100 * 31 * 96),
            ("SP2", 7 * 31 * 96),
        ]
        assert bill.pins.calculation_revision == "3"
        assert sum("ustomer charge" in line.label for line in bill.lines) == 1
        told = [one.finding for one in bill.reasons]
        assert "2 meters of the account, energy by sum" in told
        record = read_record(bill.record())["usage"]
        assert [one["usage"]["meter"] for one in record["points"]] == [
            pseudonym("M1", town.view.name),
            pseudonym("M2", town.view.name),
        ]

    def test_charges_what_the_account_priced_says(self, town: Town) -> None:
        town.read("M1", BOTH, lively)
        town.read("M2", BOTH, even(7))
        arrange(town)
        (bill,) = town.bill(1, on=AUGUST.from_day).issued
        said = price_together(
            account_id=town.account_id(1),
            days=JULY,
            known_at=NOON,
            store=town.store,
            lake=town.lake,
            book=town.book,
        )
        assert bill.total_cents == said.cents
        assert bill.usage.energy_wh == said.energy_wh

    def test_replays_to_the_byte_as_known_then_and_now(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        (bill,) = town.bill(1, on=AUGUST.from_day).issued
        assert town.replay(bill.bill_id).same_bytes
        assert town.replay(bill.bill_id, NOON).same_bytes
        before = town.replay(bill.bill_id, SAID - timedelta(seconds=1))
        assert not before.same_bytes
        assert before.bill.usage.energy_wh == 100 * 31 * 96
        assert before.bill.pins.calculation_revision == "2"

    def test_goes_on_from_month_to_month_and_a_run_again_does_nothing(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        run = town.bill(1, on=AUGUST.until_day)
        assert [one.days for one in run.issued] == [JULY, AUGUST]
        again = town.bill(1, on=AUGUST.until_day)
        assert (again.due, again.issued_count) == (0, 0)

    def test_a_dry_run_shows_what_the_run_does(self, town: Town) -> None:
        read_both(town)
        arrange(town, on=AUGUST.from_day)
        dry = town.bill(1, on=AUGUST.until_day, dry_run=True)
        run = town.bill(1, on=AUGUST.until_day)
        assert [len(one.usage.points) for one in run.issued] == [0, 0, 2]
        assert [one.record_sha256 for one in dry.issued] == [
            one.record_sha256 for one in run.issued
        ]
        assert town.services(1)[0].billed_until == AUGUST.until_day

    def test_a_bill_of_one_point_keeps_its_revision_and_bytes(self, town: Town) -> None:
        read_both(town)
        alone = [one.record() for one in town.bill(1, on=AUGUST.from_day, dry_run=True).issued]
        assert len(alone) == 2
        assert all(read_record(one)["pins"]["calculation_revision"] == "2" for one in alone)
        assert all("points" not in read_record(one)["usage"] for one in alone)

    def test_demands_are_each_meters_own_peak_whenever_it_peaked(self, town: Town) -> None:
        third = Town()
        third.start(1, schedule="1M-ultimate")
        with_a_barn(third, schedule="1M-ultimate")
        noon = 12 * 4
        early, late = noon + 2 * 4, noon + 6 * 4
        third.read("M1", BOTH, lambda _, n: [1000 if early <= at < early + 4 else 10
                                             for at in range(n)])  # fmt: skip
        third.read("M2", BOTH, lambda _, n: [500 if late <= at < late + 4 else 10
                                             for at in range(n)])  # fmt: skip
        with third.store.viewing(Viewer("test", "billing"), []):
            alone = third.bill(1, on=AUGUST.from_day, dry_run=True).issued
            arrange(third)
            (bill,) = third.bill(1, on=AUGUST.from_day).issued
        demand = [line.quantity for line in bill.lines if line.unit == "kW"]
        own = [line.quantity for one in alone for line in one.lines if line.unit == "kW"]
        assert (demand, own) == (["6"], ["2", "4"])  # the sum peaks at 4.04 kW
        assert any("non-coincident" in one.finding for one in bill.reasons)

    @settings(
        max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.integers(1, 2000), min_size=2, max_size=4))
    def test_has_all_the_energy_of_its_meters(self, sizes: list[int]) -> None:
        made = Town()
        made.start(1)
        for number in range(2, len(sizes) + 1):
            with_a_barn(made, number)
        for number, size in enumerate(sizes, start=1):
            made.read(f"M{number}", BOTH, lambda day, n, k=size: [(k * 31 + at * k) % 1999 + 1
                                                                 for at in range(n)])  # fmt: skip
        with made.store.viewing(Viewer("test", "billing"), []):
            alone = made.bill(1, on=AUGUST.from_day, dry_run=True).issued
            arrange(made)
            (bill,) = made.bill(1, on=AUGUST.from_day).issued
            said = price_together(
                account_id=made.account_id(1), days=JULY, known_at=NOON, store=made.store,
                lake=made.lake, book=made.book,
            )  # fmt: skip
        assert bill.usage.energy_wh == sum(one.usage.energy_wh for one in alone)
        assert sum(bill.usage.daily_wh) == bill.usage.energy_wh
        assert bill.total_cents == said.cents

    @settings(max_examples=6, deadline=None)
    @given(st.lists(st.sampled_from([900, 1800, 3600]), min_size=2, max_size=3), st.integers(1, 99))
    def test_has_each_time_of_use_of_its_meters_whatever_their_intervals(
        self, lengths: list[int], seed: int
    ) -> None:
        made = Town()
        made.start(1, schedule="1M-overnight")
        for number in range(2, len(lengths) + 1):
            with_a_barn(made, number, schedule="1M-overnight", multiplier=number)
        for number, seconds in enumerate(lengths, start=1):
            made.read(
                f"M{number}", BOTH, lambda day, n: [(day.day * seed + at * 7) % 500 + 1
                                                    for at in range(n)], seconds=seconds,
            )  # fmt: skip
        with made.store.viewing(Viewer("test", "billing"), []):
            alone = made.bill(1, on=AUGUST.from_day, dry_run=True).issued
            arrange(made)
            (bill,) = made.bill(1, on=AUGUST.from_day).issued
        for line in (one for one in bill.lines if one.unit == "kWh"):
            parts = [
                Decimal(each.quantity)
                for one in alone
                for each in one.lines
                if each.code == line.code
            ]
            assert Decimal(line.quantity) == sum(parts), line.code


class TestHeld:
    def test_one_meter_without_readings_holds_the_one_bill(self, town: Town) -> None:
        town.read("M1", BOTH, even(100))
        arrange(town)
        run = town.bill(1, on=AUGUST.from_day)
        (held,) = run.held
        assert (run.due, run.issued) == (1, [])
        assert held.code == "usage.of_one_meter"
        assert "What meter M2 registered from 2025-07-01 to 2025-08-01 is not known" in (
            held.sentence
        )
        assert "so it holds the one bill" in held.sentence
        town.read("M2", BOTH, even(7), learned_at=LATER)
        assert town.bill(1, on=AUGUST.from_day, known_at=LATER).issued_count == 1

    def test_a_meter_that_stood_still_waits_for_the_text_that_is_missing(self, town: Town) -> None:
        read_both(town, barn=0)
        arrange(town)
        (held,) = town.bill(1, on=AUGUST.from_day).held
        assert held.code == "together.refused"
        assert "The meter at service point SP2 registered nothing" in held.sentence
        assert "GRR IV.B" in held.sentence

    def test_one_watt_hour_is_not_nothing(self, town: Town) -> None:
        town.read("M1", BOTH, even(100))
        town.read("M2", BOTH, lambda day, n: [int(day == JULY.from_day), *[0] * (n - 1)])
        arrange(town)
        assert town.bill(1, on=AUGUST.from_day).issued_count == 1

    def test_an_arrangement_that_came_while_a_run_was_on_its_way_holds_its_bills(
        self, town: Town
    ) -> None:
        read_both(town)
        before = town.services(1)
        arrange(town)
        run = town.bill(1, on=AUGUST.from_day, services=before)
        assert (run.due, run.issued) == (2, [])
        assert {one.code for one in run.held} == {"together.changed"}
        assert "has not the meters that are to be billed together now" in run.held[0].sentence
        assert len(town.store.held_cases(account_id=town.account_id(1))) == 2
        after = town.bill(1, on=AUGUST.from_day)
        assert [len(one.usage.points) for one in after.issued] == [2]
        assert town.store.held_cases(account_id=town.account_id(1)) == []

    def test_a_rate_option_that_changed_alone_holds_it(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        (barn,) = [
            one.agreement.agreement_id
            for one in town.services(1)
            if one.agreement.service_point_id == "SP2"
        ]
        town.store.put_on_schedule(barn, "1M-overnight", SAID + timedelta(hours=1), ())
        (held,) = town.bill(1, on=AUGUST.from_day).held
        assert "are on several schedules: 1M-anytime at SP1 and 1M-overnight at SP2" in (
            held.sentence
        )

    def test_days_before_it_are_billed_first(self, town: Town) -> None:
        town.read("M1", BOTH, even(100))
        town.read("M2", (AUGUST.from_day, AUGUST.until_day), even(7))
        arrange(town, on=AUGUST.from_day)
        run = town.bill(1, on=AUGUST.until_day)
        assert [one.days for one in run.issued] == [JULY]  # the house alone
        assert {one.code for one in run.held} == {"usage.gap", "together.refused"}
        (behind,) = [one for one in run.held if one.code == "together.refused"]
        assert "is billed until 2025-07-01 only" in behind.sentence
        town.read("M2", (JULY.from_day, JULY.until_day), even(7), learned_at=LATER)
        later = town.bill(1, on=AUGUST.until_day, known_at=LATER)
        assert [(one.days, len(one.usage.points)) for one in later.issued] == [
            (JULY, 0),
            (AUGUST, 2),
        ]


class TestArranging:
    def test_needs_a_name_and_a_reason(self, town: Town) -> None:
        for how in ({"by": " "}, {"reason": ""}):
            with pytest.raises(CannotArrange, match="is named for what comes on one bill"):
                arrange(town, **how)

    def test_cites_the_rule_and_is_known_from_its_instant(self, town: Town) -> None:
        (row,) = arrange(town).rows
        assert "GRR IV.C" in row.reasons[0].citation.text
        account = town.account_id(1)
        assert town.store.together_of_account(account, SAID - timedelta(seconds=1)) == []
        assert town.store.together_of_account(account, SAID) == [row]

    def test_other_schedules_and_other_tax_places_are_refused(self) -> None:
        for changed, words in (
            ({"schedule": "1M-overnight"}, "several schedules"),
            ({"tax_place": "university_city"}, "several tax places"),
        ):
            made = Town()
            made.start(1)
            with_a_barn(made, **changed)
            with (
                made.store.viewing(Viewer("test", "look"), []),
                pytest.raises(NotTogether, match=words),
            ):
                arrange(made)

    def test_what_is_followed_for_one_meter_only_is_refused_by_name(self, town: Town) -> None:
        _, barn = (one.agreement.agreement_id for one in town.services(1))
        part_of = Participation(barn, town.account_id(1), "solar", Validity(JULY.from_day), FIRST)
        town.store.join_program(part_of)
        with pytest.raises(NotTogether, match=f"Agreement {barn} takes part in solar"):
            arrange(town)
        town.store.leave_program(barn, "solar", date(2025, 7, 2), FIRST + timedelta(minutes=1))
        arrange(town, on=AUGUST.from_day)

    def test_a_programme_of_a_meter_that_was_added_inside_the_period_holds_it(self) -> None:
        """Its own first day counts: no block that it takes part with is lost on the sum."""
        made, came = Town(), date(2025, 7, 15)
        made.start(1)
        made.read("M1", BOTH, even(100))
        with_a_barn(made, from_day=came)
        made.read("M2", (came, AUGUST.until_day), even(7))
        with made.store.viewing(Viewer("test", "billing"), []):
            (name,) = (
                one.agreement.agreement_id
                for one in made.services(1)
                if one.agreement.service_point_id == "SP2"
            )
            part_of = Participation(name, made.account_id(1), "solar", Validity(came), LATER, 2)
            arrange(made, on=came)
            made.store.join_program(part_of)
            (held,) = made.bill(1, on=AUGUST.from_day, known_at=LATER).held
        assert f"Agreement {name} takes part in solar" in held.sentence

    def test_a_register_that_nobody_has_read_holds_the_bill(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        put_on_register(town)
        (held,) = town.bill(1, on=AUGUST.from_day, known_at=CLASSES_TOLD).held
        assert held.code == "usage.of_one_meter"
        assert "There is no actual read of 2025-07-01" in held.sentence

    def test_of_what_an_extension_serves_is_refused(self, town: Town) -> None:
        house = town.services(1)[0].agreement.agreement_id
        served = SimpleNamespace(
            contract=SimpleNamespace(contract_id="X-1"),
            of=lambda act: [SimpleNamespace(about=house)] if act is ExtensionAct.SERVED else [],
        )
        town.store.extensions = lambda **_: [served]
        with pytest.raises(CannotArrange, match="is served by extension X-1"):
            arrange(town)

    def test_an_option_of_one_of_them_is_not_changed_alone(self, town: Town) -> None:
        arrange(town)
        for point in ("SP1", "SP2"):
            with pytest.raises(RateRefused, match="is billed together with others"):
                change_rate(
                    account_id=town.account_id(1),
                    schedule="1M-overnight",
                    asked=date(2025, 7, 20),
                    learned_at=LATER,
                    view=town.book.as_known(CLASSES_TOLD.date()),
                    store=town.store,
                    service_point_id=point,
                )

    def test_an_option_that_an_arrangement_goes_by_is_not_taken_back(self, town: Town) -> None:
        """Both are changed from August on, and arranged from then: the house's would be no more."""
        view = town.book.as_known(CLASSES_TOLD.date())
        for point in ("SP1", "SP2"):
            change_rate(
                account_id=town.account_id(1), schedule="1M-overnight", asked=date(2025, 7, 20),
                learned_at=LATER, view=view, store=town.store, service_point_id=point,
            )  # fmt: skip
        said = LATER + timedelta(hours=1)
        (row,) = start_together(
            account_id=town.account_id(1), on=AUGUST.from_day, learned_at=said, view=view,
            store=town.store, **SIGNED,
        ).rows  # fmt: skip
        for point in ("SP1", "SP2"):
            with pytest.raises(NothingToTakeBack, match="is billed together with others"):
                take_back(
                    Booked.RATE, account_id=town.account_id(1), on=date(2025, 7, 21),
                    known_at=said + timedelta(hours=1), store=town.store, service_point_id=point,
                )  # fmt: skip
        part(town, AUGUST.from_day, said + timedelta(hours=1))
        take_back(
            Booked.RATE, account_id=town.account_id(1), on=date(2025, 7, 21),
            known_at=said + timedelta(hours=2), store=town.store, service_point_id="SP1",
        )  # fmt: skip
        assert row.agreement_id not in {one.agreement.agreement_id for one in town.services(1)}

    def test_a_place_without_a_meter_is_no_part_of_a_sum(self) -> None:
        for house, barn in ((None, "M2"), ("M1", None)):
            made = Town()
            made.start(1, meter_id=house)
            with_a_barn(made, meter_id=barn)
            with (
                made.store.viewing(Viewer("test", "look"), []),
                pytest.raises(MeterNotWhole, match="No meter measured service point"),
            ):
                arrange(made)

    def test_one_service_point_is_no_sum(self) -> None:
        made = Town()
        made.start(1)
        with (
            made.store.viewing(Viewer("test", "look"), []),
            pytest.raises(CannotArrange, match="has 1 service points"),
        ):
            arrange(made)

    def test_begins_where_a_period_begins(self, town: Town) -> None:
        with pytest.raises(CannotArrange, match=r"goes on over 2025-07-15.*like 2025-08-01"):
            arrange(town, on=date(2025, 7, 15))
        arrange(town, on=AUGUST.from_day)

    def test_of_days_that_are_billed_is_refused(self, town: Town) -> None:
        read_both(town)
        town.bill(1, on=AUGUST.from_day)
        with pytest.raises(Conflict, match="is billed past 2025-07-01 already"):
            arrange(town, at=LATER)
        arrange(town, on=AUGUST.from_day, at=LATER)

    def test_twice_is_refused(self, town: Town) -> None:
        arrange(town)
        with pytest.raises(Conflict, match="are billed together on one of the days"):
            arrange(town, at=LATER)

    def test_an_end_gives_each_its_own_bill_again(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        (one,) = town.bill(1, on=AUGUST.from_day).issued
        (row,) = part(town, AUGUST.from_day).rows
        assert row.days.until_day == AUGUST.from_day
        run = town.bill(1, on=AUGUST.until_day, known_at=LATER)
        assert sorted((one.service_point_id, one.days) for one in run.issued) == [
            ("SP1", AUGUST),
            ("SP2", AUGUST),
        ]
        (differs,) = town.replay(one.bill_id, LATER).differences
        assert differs.startswith("pins.known_at")

    def test_an_end_of_billed_days_is_refused(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        town.bill(1, on=AUGUST.until_day)
        with pytest.raises(Conflict, match="is billed past 2025-08-01 already"):
            part(town, AUGUST.from_day)
        with pytest.raises(CannotArrange, match="goes on over 2025-08-15"):
            part(town, date(2025, 8, 15))

    def test_an_arrangement_of_which_nothing_is_billed_is_taken_back(self, town: Town) -> None:
        """A clerk's mistake costs no customer a bill on the sum."""
        read_both(town)
        arrange(town)
        assert part(town, JULY.from_day).rows == ()
        run = town.bill(1, on=AUGUST.from_day, known_at=LATER)
        assert sorted((one.service_point_id, one.days, one.usage.points) for one in run.issued) == [
            ("SP1", JULY, ()),
            ("SP2", JULY, ()),
        ]
        with pytest.raises(NotFound, match=r"No meters of account .* are billed together"):
            part(town, JULY.from_day)

    def test_what_is_billed_is_not_taken_back(self, town: Town) -> None:
        read_both(town)
        arrange(town)
        (bill,) = town.bill(1, on=AUGUST.from_day).issued
        with pytest.raises(Conflict, match="is billed past 2025-07-01 already"):
            part(town, JULY.from_day)
        assert town.replay(bill.bill_id).same_bytes

    def test_without_one_there_is_nothing_to_end(self, town: Town) -> None:
        with pytest.raises(NotFound, match=r"No meters of account .* are billed together"):
            part(town, AUGUST.from_day)


def put_on_register(town: Town) -> None:
    """The barn's meter has been billed on its register since it came."""
    setup = MeterConfiguration(
        "M2", BilledOn.REGISTER, None, (KWH,), (), Validity(JULY.from_day), FIRST
    )
    configure_meter(setup, Meter("M2", MeterKind.AMI, FIRST), learned_at=FIRST, store=town.store)


class TestPartsOfAPeriod:
    @pytest.fixture
    def grown(self) -> Iterator[Town]:
        """A barn that was built in July, beside a house that was there before."""
        made = Town()
        made.start(1)
        made.read("M1", BOTH, even(100))
        with_a_barn(made, from_day=date(2025, 7, 15))
        made.read("M2", (date(2025, 7, 15), AUGUST.until_day), even(7))
        with made.store.viewing(Viewer("test", "billing"), []):
            yield made

    def test_a_meter_that_came_later_adds_its_days(self, grown: Town) -> None:
        arrange(grown, on=date(2025, 7, 15))
        run = grown.bill(1, on=AUGUST.until_day)
        assert (run.due, run.held) == (2, [])
        first, second = run.issued
        assert first.usage.energy_wh == 96 * (31 * 100 + 17 * 7)
        assert [str(one.days) for one in first.usage.points] == [
            "2025-07-01 to 2025-08-01",
            "2025-07-15 to 2025-08-01",
        ]
        assert first.usage.daily_wh[13:15] == (9600, 9600 + 672)
        assert second.usage.energy_wh == 96 * 31 * 107
        assert grown.replay(first.bill_id).same_bytes

    def test_a_meter_that_leaves_before_the_others_adds_its_days(self, grown: Town) -> None:
        arrange(grown, on=date(2025, 7, 15))
        barn = next(one for one in grown.services(1) if one.billed_with)
        grown.store.stop_service(
            barn.agreement.agreement_id, date(2025, 8, 20), SAID + timedelta(hours=1)
        )
        run = grown.bill(1, on=AUGUST.until_day)
        assert (run.due, run.held) == (2, [])
        assert run.issued[1].usage.energy_wh == 96 * (31 * 100 + 19 * 7)

    def test_a_bill_whose_agreement_ended_is_nobodys_until_somebody_says(self, grown: Town) -> None:
        arrange(grown, on=date(2025, 7, 15))
        house = next(one for one in grown.services(1) if one.joined)
        grown.store.stop_service(
            house.agreement.agreement_id, date(2025, 8, 20), SAID + timedelta(hours=1)
        )
        run = grown.bill(1, on=AUGUST.until_day)
        assert [str(one.days) for one in run.issued] == [
            "2025-07-01 to 2025-08-01",
            "2025-08-01 to 2025-08-20",
        ]
        (held,) = run.held
        assert (run.due, held.days) == (3, DaySpan(date(2025, 8, 20), date(2025, 9, 1)))
        assert held.code == "together.refused"
        assert "Nobody has said whose bill the days are on" in held.sentence
        part(grown, date(2025, 8, 20))
        (last,) = grown.bill(1, on=AUGUST.until_day, known_at=LATER).issued
        assert str(last.days) == "2025-08-20 to 2025-09-01"
        assert last.usage.energy_wh == 96 * 12 * 7

    def test_no_day_is_lost_where_the_bills_agreement_ends_before_it_begins(
        self, grown: Town
    ) -> None:
        """Said in July for August; then the house is left on July 20: the barn's August is its."""
        arrange(grown, on=AUGUST.from_day)
        (house,) = (one for one in grown.services(1) if one.joined)
        grown.store.stop_service(
            house.agreement.agreement_id, date(2025, 7, 20), SAID + timedelta(hours=1)
        )
        (held,) = grown.bill(1, on=AUGUST.until_day).held
        assert "Nobody has said whose bill the days are on" in held.sentence
        part(grown, AUGUST.from_day)
        (last,) = grown.bill(1, on=AUGUST.until_day, known_at=LATER).issued
        assert (last.service_point_id, last.days) == ("SP2", AUGUST)

    @pytest.mark.parametrize("whose", ["SP1", "SP2"])
    def test_a_certificate_of_one_agreement_alone_holds_it_on_any_day_of_the_bill(
        self, grown: Town, whose: str
    ) -> None:
        """The barn leaves on August 20. What the house alone is exempt from, later, taxes both."""
        arrange(grown, on=date(2025, 7, 15))
        names = {
            one.agreement.service_point_id: one.agreement.agreement_id for one in grown.services(1)
        }
        grown.store.stop_service(names["SP2"], date(2025, 8, 20), SAID + timedelta(hours=1))
        grown.store.record_exemption(
            TaxExemption(
                *(grown.account_id(1), names[whose], TaxKind.GROSS_RECEIPTS),
                *(next(iter(ExemptionKind)), "C-1", Fraction(1)),
                *(Validity(date(2025, 8, 25)), SAID + timedelta(hours=2)),
            )
        )
        run = grown.bill(1, on=AUGUST.until_day)
        assert len(run.issued) + len(run.held) == 2
        told = [one.sentence for one in run.held]
        assert len(told) == (whose == "SP1")
        assert all("has a tax exemption of its own" in one for one in told)
