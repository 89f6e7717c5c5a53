"""A change of the rate option is no end of service, also for those who look at the service."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.journeys.combined_town import FIRST, combine, schools_town
from tests.journeys.test_extensions_on_bills import live
from tests.journeys.town import CLASSES_TOLD, VIEWER, Town

from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.combinations import NotCombined, look_at_combination
from meterledger.usecases.extension_guarantee_over import why_over
from meterledger.usecases.extension_records import ExtensionRefused, Moment
from meterledger.usecases.start_service import stop_service

SEVERAL = tuple(range(1, 11))
BOOKED = CLASSES_TOLD + timedelta(hours=1)
COMBINED = CLASSES_TOLD + timedelta(hours=2)


def books_another_rate(town: Town, number: int, asked: date) -> date:
    """From when on the account will be on another rate option."""
    made = change_rate(
        account_id=town.account_id(number),
        schedule="1M-smart",
        asked=asked,
        learned_at=BOOKED,
        view=town.book.as_known(CLASSES_TOLD.date()),
        store=town.store,
    )
    return made.then.days.from_day


class TestACombination:
    def test_counts_a_premise_for_which_another_rate_is_booked(self) -> None:
        town = schools_town()
        with town.store.viewing(VIEWER, []):
            on = FIRST + timedelta(days=30)
            assert books_another_rate(town, 10, on) == date(2026, 4, 1)

            made = combine(town, *SEVERAL, learned_at=COMBINED)

            assert (len(made.premises), made.passing) == (10, ())
            looked = look_at_combination(
                combination_id="SCHOOLS", on=on, known_at=COMBINED,
                view=town.view, store=town.store,
            )  # fmt: skip
            assert (len(looked.premises), looked.passing) == (10, ())

    def test_does_not_count_one_whose_service_ends_on_the_other_rate(self) -> None:
        town = schools_town()
        with town.store.viewing(VIEWER, []):
            books_another_rate(town, 10, FIRST + timedelta(days=30))
            _, then = town.services(10, known_at=COMBINED)
            stop_service(
                agreement_id=then.agreement.agreement_id,
                last_day_out=date(2026, 6, 1),
                learned_at=COMBINED,
                store=town.store,
            )
            with pytest.raises(NotCombined, match="1 more are not counted"):
                combine(town, *SEVERAL, learned_at=COMBINED + timedelta(hours=1))


def test_a_guarantee_is_not_over_where_what_it_serves_is_on_another_rate() -> None:
    town = Town()
    with town.store.viewing(VIEWER, ["everything"]):
        live(town)
        begins = books_another_rate(town, 1, date(2026, 11, 12))
        after = begins + timedelta(days=1)
        moment = Moment.at(COMBINED, town.book)

        assert why_over(town.store.extension("EXT-1"), after, town.store, moment) is None

        _, then = town.services(1, known_at=COMBINED)
        stop_service(
            agreement_id=then.agreement.agreement_id,
            last_day_out=after,
            learned_at=COMBINED,
            store=town.store,
        )
        moment = Moment.at(COMBINED + timedelta(hours=1), town.book)
        with pytest.raises(ExtensionRefused, match="was not held against the guarantee yet"):
            why_over(town.store.extension("EXT-1"), after, town.store, moment)  # it would be over
