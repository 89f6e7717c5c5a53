"""The one calculation path: usage of one or many meters over one window into charge lines.

``rate``, ``compare``, ``bill``, ``bill-cycle``, ``replay`` and their tests all call
``Calculator``; there is no second way to price anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from meterledger import rating
from meterledger.billing import (
    RESIDENTIAL,
    Levy,
    SalesTaxTerms,
    TaxTerms,
    exempted,
    names_classes,
    periods_of,
    prorate,
    sales_tax_lines,
    sales_tax_terms,
    tax_line,
    tax_terms,
)
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.determinants import Determinants
from meterledger.facts.taxes import TaxSubject
from meterledger.facts.usage import TiledUsage, UsageBatch
from meterledger.facts.window_facts import NOTHING_KNOWN
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usage import on_all_days
from meterledger.usecases.given_beside import NOTHING_GIVEN, GivenBeside

ALL_GROUPS = frozenset(ChargeGroup)


class Calculator:
    """Prices windows by one view of the book. Plans are made once per schedule and window."""

    def __init__(
        self,
        view: BookView,
        groups: frozenset[ChargeGroup] = ALL_GROUPS,
        cycle: int | None = None,
    ) -> None:
        """``groups`` leaves out riders, taxes or base charges, for questions about one of them.

        ``cycle`` is whose reading days say in which billing period a window lies, where seasons go
        by the number of the period; None where nobody knows a cycle.
        """
        self.view = view
        self.groups = groups
        self.cycle = cycle
        self._plans: dict[tuple[str, DaySpan, tuple[str, ...], int | None], rating.RatePlan] = {}
        self._taxes: dict[tuple[str, str, DaySpan], TaxTerms | None] = {}
        self._sales: dict[tuple[str, str, str | None, DaySpan], tuple[SalesTaxTerms, ...]] = {}
        self._classes: dict[tuple[str, DaySpan], str] = {}
        self._reasons: dict[DaySpan, tuple[Reason, ...]] = {}
        self._by_period: dict[tuple[str, DaySpan], bool] = {}

    def of_cycle(self, cycle: int) -> Calculator:
        """The same calculator for accounts of a reading cycle. What was found before is shared."""
        other = copy(self)
        other.cycle = cycle
        return other

    def goes_by_period(self, schedule: str, window: DaySpan) -> bool:
        """Whether it may depend on the reading cycle of which season the window is.

        Not where the book has no such schedule then: it cannot be priced, and nothing depends.
        """
        key = (schedule, window)
        if key not in self._by_period:
            known = schedule in self.view.schedule_codes()
            found = self.view.schedule_series(schedule) if known else None
            dated = found.covering(window.from_day) if found is not None else None
            self._by_period[key] = dated is not None and rating.season_goes_by_period(
                self.view.seasons(dated.value.seasons), window, dated.value
            )
        return self._by_period[key]

    def plan(
        self, schedule: str, window: DaySpan, programs: tuple[str, ...] = ()
    ) -> rating.RatePlan:
        """The plan of one schedule and window, with the programmes beside it.

        :raises NoRuleInForce: if the book is silent on any day of the window
        :raises ProgramNotOpen: if a programme is not for the schedule
        :raises PeriodNotKnown: if seasons go by the period's number, and no cycle is known
        """
        cycle = self.cycle if self.goes_by_period(schedule, window) else None
        key = (schedule, window, programs, cycle)
        if key not in self._plans:
            decision, standing = prorate(window, self.view)
            self._plans[key] = rating.plan_window(
                view=self.view,
                schedule_code=schedule,
                window=window,
                proration=rating.Proration(
                    months=decision.outcome,
                    citations=tuple(reason.citation for reason in decision.reasons),
                    standing=standing,
                    reading_keys=decision.reading_keys,
                ),
                with_riders=ChargeGroup.RIDER in self.groups,
                with_base=ChargeGroup.BASE in self.groups,
                programs=programs,
                period_of=periods_of(self.view, cycle, window),
            )
        return self._plans[key]

    def why(self, schedule: str, window: DaySpan) -> tuple[Reason, ...]:
        """Why the window counts as it does: its months, and its season if its period says it."""
        found = self.window_reasons(window)
        if not self.goes_by_period(schedule, window):
            return found
        seasons = self.plan(schedule, window).seasons
        return found if seasons is None else (*found, *seasons.reasons())

    def window_reasons(self, window: DaySpan) -> tuple[Reason, ...]:
        """Why the window counts for a month or for a share of one."""
        if window not in self._reasons:
            decision, _ = prorate(window, self.view)
            self._reasons[window] = decision.reasons
        return self._reasons[window]

    def service_class(self, schedule: str, window: DaySpan) -> str:
        """Of which class of service the schedule is on the window's last day.

        A book that named no class of any schedule, as known, was of residential service alone.

        :raises NoRuleInForce: if the book names classes, and none for this schedule
        """
        key = (schedule, window)
        if key not in self._classes:
            self._classes[key] = (
                self.view.service_class(schedule, window.last_day).value
                if names_classes(self.view)
                else RESIDENTIAL
            )
        return self._classes[key]

    def price_intervals(
        self, schedule: str, window: DaySpan, usage: UsageBatch
    ) -> list[tuple[ChargeLine, ...]]:
        """Charge lines, without tax, for each row of the batch."""
        plan = self.plan(schedule, window)
        priced = rating.price(plan, rating.determine(usage, plan))
        return rating.lines_of_all(priced)

    def price_tiled(
        self,
        schedule: str,
        window: DaySpan,
        usage: TiledUsage,
        given: GivenBeside = NOTHING_GIVEN,
    ) -> tuple[ChargeLine, ...]:
        """Charge lines, without tax, for one meter's intervals of any length."""
        plan = self.plan(schedule, window, given.programs)
        return self._lines(plan, rating.determine_tiled(usage, plan), given)

    def price_usage(
        self,
        schedule: str,
        window: DaySpan,
        usage: UsageBatch | TiledUsage,
        given: GivenBeside = NOTHING_GIVEN,
    ) -> tuple[ChargeLine, ...]:
        """Charge lines, without tax, for one meter's usage in either form."""
        if isinstance(usage, TiledUsage):
            return self.price_tiled(schedule, window, usage, given)
        plan = self.plan(schedule, window, given.programs)
        return self._lines(plan, rating.determine(usage, plan), given)

    def determine_each(
        self, schedule: str, window: DaySpan, parts: Sequence[UsageBatch | TiledUsage | int]
    ) -> tuple[Determinants, ...]:
        """The determinants of each of several meters that come on one bill, one row each.

        A part is one meter's usage; on days of the window that it does not have it adds nothing.
        Of a register it is its watt-hours over all of the window.

        :raises TimesNeeded: if the schedule needs times, and a part is of a register
        """
        plan = self.plan(schedule, window)

        def of(part: UsageBatch | TiledUsage | int) -> Determinants:
            if isinstance(part, int):
                return rating.determine_by_days([part], plan)
            whole = on_all_days(part, window)
            if isinstance(whole, TiledUsage):
                return rating.determine_tiled(whole, plan)
            return rating.determine(whole, plan)

        return tuple(map(of, parts))

    def price_together(
        self, schedule: str, window: DaySpan, each: Sequence[Determinants]
    ) -> tuple[ChargeLine, ...]:
        """Charge lines, without tax, on the sum of several meters of an account (GRR IV.C)."""
        return self._lines(self.plan(schedule, window), rating.add_meters(each), NOTHING_GIVEN)

    def price_total(
        self,
        schedule: str,
        window: DaySpan,
        total_wh: int,
        given: GivenBeside = NOTHING_GIVEN,
    ) -> tuple[ChargeLine, ...]:
        """Charge lines, without tax, for a quantity of energy whose times are not known.

        :raises TimesNeeded: if the schedule needs times, or a demand that is not given
        """
        plan = self.plan(schedule, window, given.programs)
        found = rating.determine_by_days([total_wh], plan, given.demands(plan))
        return self._lines(plan, found, given)

    def _lines(
        self, plan: rating.RatePlan, determinants: Determinants, given: GivenBeside
    ) -> tuple[ChargeLine, ...]:
        facts = NOTHING_KNOWN if given is NOTHING_GIVEN else given.facts(plan)
        return rating.lines_of(rating.price(plan, determinants, facts), 0)

    def with_tax(
        self,
        lines: Sequence[ChargeLine],
        window: DaySpan,
        place: str,
        *,
        schedule: str = "",
        subject: TaxSubject | None = None,
    ) -> tuple[ChargeLine, ...]:
        """The lines and the taxes on them: gross-receipts tax where the place has one, sales tax.

        Sales tax and exemptions are asked for of a ``subject``, and by its ``schedule``; without
        them there is the gross-receipts tax alone.

        :raises UnknownSalesTaxPlace: if the service is sales-taxed, and nobody has said where
        """
        if ChargeGroup.TAX not in self.groups:
            return tuple(lines)
        terms = self.tax_terms(window, place, schedule)
        exempt = exempted(
            subject=subject if terms is not None else None,
            levy=Levy.GROSS_RECEIPTS,
            window=window,
            view=self.view,
            municipality=place,
        )
        tax = tax_line(terms, lines, exempt)
        taxes = [tax] if tax is not None else []
        if subject is not None:
            taxes += self._sales_taxes(lines, window, tax, schedule, subject)
        return (*lines, *taxes)

    def tax_terms(self, window: DaySpan, place: str, schedule: str) -> TaxTerms | None:
        """The terms of a place's gross-receipts tax, asked of the book once.

        :raises NoRuleInForce: if the book does not know the place's tax
        """
        key = (place, schedule, window)
        if key not in self._taxes:
            self._taxes[key] = tax_terms(
                place=place, window=window, view=self.view, schedule=schedule
            )
        return self._taxes[key]

    def _sales_taxes(
        self,
        lines: Sequence[ChargeLine],
        window: DaySpan,
        gross_receipts: ChargeLine | None,
        schedule: str,
        subject: TaxSubject,
    ) -> list[ChargeLine]:
        key = (schedule, subject.state, subject.sales_place, window)
        if key not in self._sales:
            self._sales[key] = sales_tax_terms(
                schedule=schedule, subject=subject, window=window, view=self.view
            )
        return sales_tax_lines(
            self._sales[key], lines, gross_receipts, subject=subject, view=self.view
        )
