"""One due window of a service: its days, its meters, where it is taxed, what else is on its bill.

Lives here      the noun that the calculation takes, and how it is made of a service.
Lives elsewhere which windows are due (``billing.window``, ``issue_bills``), the calculation
                (``calculate_bills``), several meters on one bill (``bills_together``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from meterledger import rating
from meterledger.billing import BillWindow, is_reading_day, kind_of, tax_place_on
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.joined_services import JoinedDue, joined_due
from meterledger.usecases.window_usage import meters_of_window


@dataclass(frozen=True, slots=True)
class DueBill:
    """One window of one service that is due.

    ``installations`` are the meter that measured it, or those that did one after the other, and
    ``meters`` their pseudonyms; ``meter`` is the last of these. Where no meter was there at all,
    there are no installations, and the service point stands in its place: loads may be known there.
    """

    service: BillableService
    window: BillWindow
    installations: tuple[MeterInstallation, ...]
    tax_place: str
    meters: tuple[str, ...]
    options: AccountOptions | None = None
    """What the account has chosen of its bills, as known at the bill's instant."""
    first_issued: date | None = None
    """The day on which the period was first billed, where this bill corrects that one."""
    first_known: datetime | None = None
    """When that first bill was made: what is told of its own day after it, it was out already."""
    plan_asked_on: date | None = None
    """By which day a budget plan asks; None where that is the day of the period's first bill."""
    plan_goes_on: bool = False
    """Whether a correction leaves a plan open though service ended: as it was read before."""
    plan_of_every_place: bool = False
    """Whether a budget plan counts bills of the account's other places: as it was read before."""
    deposit_refunded: bool | None = None
    """Whether a deposit goes back through this final bill; None where that is to be asked."""
    left_on: date | None = None
    """When two people left the period uncharged; None where nobody did."""
    paperless_by_calendar: bool = False
    """Whether a paperless credit asks the calendar alone: as it was read before."""
    paperless_of_its_day: bool = False
    """Whether a delivery told of the bill's own day counts when it was out: as it was before."""
    joined: tuple[JoinedDue, ...] = ()
    """Other agreements of the account whose meters stand on this bill: theirs are in ``meters``."""

    @property
    def meter(self) -> str:
        """The pseudonym of the agreement's own meter that is there at the end of the window."""
        return self.meters[-1]

    @property
    def all_installations(self) -> tuple[MeterInstallation, ...]:
        """The agreement's own meters, and then those of the others on this bill."""
        return self.installations + tuple(each for one in self.joined for each in one.installations)

    @property
    def agreement_ids(self) -> tuple[str, ...]:
        """Every agreement of which days are on this bill, its own first."""
        joined = (one.service.agreement.agreement_id for one in self.joined)
        return (self.service.agreement.agreement_id, *joined)


def due_bill(service: BillableService, window: BillWindow, view: BookView) -> DueBill:
    """One due window with the meters that measured it and the municipality it is taxed in.

    :raises MeterNotWhole: if meters were installed, and at some time of the window none was
    :raises UnknownTaxPlace: if nobody has said in which municipality the premise lies
    :raises NotTogether: if other meters of the account stand on the bill that are billed otherwise
    """
    point = service.agreement.service_point_id
    joined = joined_due(service, window.days, view) if service.joined else ()
    unmetered = not joined and not any(one.touches(window.days) for one in service.installations)
    there = (
        ()
        if unmetered
        else meters_of_window(point, service.installations, window.days, view.time_zone)
    )
    beside = (each.meter_id for one in joined for each in one.installations)
    mine = [one.meter_id for one in there] or [point]
    return DueBill(
        service=service,
        window=window,
        installations=there,
        tax_place=tax_place_on(service.tax_places, window.days, service.premise.premise_id),
        meters=tuple(pseudonym(name, view.name) for name in (*beside, *mine)),
        joined=joined,
    )


def window_of(
    service: BillableService,
    days: DaySpan,
    view: BookView,
    revision: str = rating.CALCULATION_REVISION,
    *,
    by_last_cycle: bool = False,
) -> BillWindow:
    """A window of a service with its kind, as the revision of the calculation tells kinds apart.

    ``by_last_cycle`` as for ``goes_on``.
    """
    if revision == "1":
        return BillWindow(days, kind_of(days, service.agreement))
    continues, continued = goes_on(service, view, by_last_cycle=by_last_cycle)
    return BillWindow(days, kind_of(days, service.agreement, continues, continued))


def goes_on(
    service: BillableService, view: BookView, *, by_last_cycle: bool = False
) -> tuple[bool, bool]:
    """Whether service went on before the agreement, and goes on after it, on another rate option.

    A change between two periods only: one inside a period cuts it, and its two parts are billed
    like an end and a beginning. A change lay between two periods, too, where the account's cycle
    was put right since; ``by_last_cycle`` asks the last cycle alone, as it was read before.
    """
    days, last = service.agreement.days, service.account.cycle
    cycles = (last,) if by_last_cycle else (last, *service.earlier_cycles)

    def is_edge(day: date | None) -> bool:
        return day is not None and any(is_reading_day(day, cycle, view) for cycle in cycles)

    return (
        bool(service.continues) and is_edge(days.from_day),
        bool(service.continued_by) and is_edge(days.until_day),
    )


def where_of(one: DueBill) -> str:
    """Which account, meters and window, for the beginning of a sentence."""
    account = one.service.account.account_id
    meters = " and ".join(each.meter_id for each in one.all_installations)
    if not meters:
        return f"Account {account}, service point {one.service.agreement.service_point_id}, " + str(
            one.window.days
        )
    noun = "meter" if len(one.all_installations) == 1 else "meters"
    return f"Account {account}, {noun} {meters}, {one.window.days}"
