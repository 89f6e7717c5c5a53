"""The town's months, day by day: people come, readings arrive, bills go out, money comes in.

Lives here      what happens on which day, and calling the journeys for it.
Lives elsewhere every decision: ``usecases`` are called as an operator's commands call them.
Read first      ``town`` (who), ``deliveries`` (which files), ``chronicle`` (what is told).

The story has a clock of its own: it begins on the day the tariff book was last added to and
ticks a second with every act, so that what was known when, and with it every byte of every bill,
is the same wherever the town lives. Living the same days again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from meterledger.billing import weather_station
from meterledger.entrypoints.demo.chronicle import (
    ActTold,
    EventTold,
    FileTold,
    LateTold,
    MonthTold,
    PaymentTold,
    RunTold,
)
from meterledger.entrypoints.demo.deliveries import (
    DECIDED_ON,
    GAP_FILLED_ON,
    GAP_HOME,
    NIGHT_DAY,
    NIGHT_ON,
    TWICE_HOME,
    Delivery,
    deliveries,
)
from meterledger.entrypoints.demo.episodes import EPISODES, Act, review_plans
from meterledger.entrypoints.demo.money import acts_of_money
from meterledger.entrypoints.demo.nights import decide, live_night
from meterledger.entrypoints.demo.payments import PlannedPayment, plan_payments
from meterledger.entrypoints.demo.real_series import sample_total_wh
from meterledger.entrypoints.demo.scene import Scene
from meterledger.entrypoints.demo.town import (
    CHANGE_ASKED_DAY,
    FIRST_DAY,
    LAST_RUN_DAY,
    Sample,
    Stay,
    Town,
    reading_days,
)
from meterledger.entrypoints.demo.weather import temperatures
from meterledger.facts.held import run_id_of
from meterledger.facts.places import BillableService
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import agreement_name
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.terms import Terms
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_run import BY, settle_final_bills
from meterledger.usecases.intake_ports import Vault
from meterledger.usecases.issue_bills import first_due, issue_bills
from meterledger.usecases.late_charges import charge_late
from meterledger.usecases.ports import Conflict, Lake, Store, StoredBill
from meterledger.usecases.start_service import (
    ServiceRequest,
    start_service,
    stop_service,
)
from meterledger.usecases.take_payment import take_payment


class Utility(Protocol):
    """Where the town lives: one opened system, however it is kept."""

    @property
    def store(self) -> Store:
        """The system of record."""

    @property
    def lake(self) -> Lake:
        """The intervals."""

    @property
    def vault(self) -> Vault:
        """The received files, encrypted."""

    @property
    def book(self) -> TariffBook:
        """The tariff book."""


Receive = Callable[[Path, datetime], FileTold]
"""The journey of a file, at an instant: read, judged, stored. The story adds day and note."""


class StoryClock:
    """Instants of the story: a second for every act, from the start of a day."""

    def __init__(self, book: TariffBook) -> None:
        """Begin on the day on which the newest entry of the book was learned."""
        self._now = book_completed_at(book)
        self._between = 0

    def tick(self) -> datetime:
        """The instant of the next act."""
        self._now += timedelta(seconds=1)
        self._between = 0
        return self._now

    def between(self) -> datetime:
        """An instant before the next act: what is done with money leaves bills their seconds."""
        self._between += 1
        return self._now + timedelta(milliseconds=self._between)


def book_completed_at(book: TariffBook) -> datetime:
    """The start of the day (UTC) on which the newest entry of the book was learned."""
    newest = max(entry.dated.learned_on for one in book.parsed.values() for entry in one.entries)
    return datetime(newest.year, newest.month, newest.day, tzinfo=UTC)


def after_the_story(book: TariffBook) -> datetime:
    """An instant when all acts of the story are over: what is done at the end is done then."""
    return book_completed_at(book) + timedelta(hours=1)


class Story:
    """One living of the town's months on one utility."""

    def __init__(self, town: Town, utility: Utility, inbox: Path, receive: Receive) -> None:
        """``inbox`` is the folder in which files arrive; ``receive`` the journey they take."""
        self.town = town
        self._utility = utility
        self._inbox = inbox
        self._receive = receive
        self._clock = StoryClock(utility.book)
        self._files: dict[date, list[Delivery]] = {}
        for delivery in deliveries(town):
            self._files.setdefault(delivery.day, []).append(delivery)
        self._money = acts_of_money()
        self._weather_until = FIRST_DAY
        self._planned: dict[date, list[PlannedPayment]] = {}
        self._reading_days = {
            cycle: frozenset(reading_days(cycle)) for cycle in {one.cycle for one in town.homes}
        }
        self._stays_of_cycle = {
            cycle: [stay for stay in town.stays if stay.home.cycle == cycle]
            for cycle in self._reading_days
        }
        self.measured_wh: dict[str, int] = {}
        """Watt-hours that each meter truly measured on the days delivered so far."""

    def live(self) -> Iterator[MonthTold]:
        """Live every day, and tell each month when it is over."""
        month = MonthTold(FIRST_DAY)
        for day in DaySpan(FIRST_DAY, LAST_RUN_DAY + timedelta(days=1)).days():
            if day.day == 1 and day != FIRST_DAY:
                yield month
                month = MonthTold(day)
            self._move(day, month)
            for delivery in self._files.get(day, ()):
                self._deliver(delivery, month)
            if day.day == 1:
                self._tell(
                    review_plans(self.town, self._utility, day, self._clock.tick()), day, month
                )
            if any(day in days for days in self._reading_days.values()):
                self._learn_the_weather(day)
            if day == NIGHT_ON:
                self._night(day, month)
            for cycle in sorted(self._reading_days):
                if day in self._reading_days[cycle]:
                    self._bill_cycle(cycle, day, month)
            if day == DECIDED_ON:
                self._decide(day, month)
                self._bill_one(self.town.stays_at(TWICE_HOME)[0], day, month)
            if day == GAP_FILLED_ON:
                self._bill_one(self.town.stays_at(GAP_HOME)[0], day, month)
            if day in EPISODES:
                act = EPISODES[day](self.town, self._utility, day, self._clock.tick())
                self._tell(act, day, month)
            for planned in self._planned.pop(day, ()):
                month.payments += self._pay(planned, day)
            for acting in self._money.get(day, ()):
                month.acts += acting(self._scene(day))
        yield month

    def remember_measured(self) -> None:
        """Know what the meters measured on all days delivered, without living them."""
        self.measured_wh.clear()
        for of_day in self._files.values():
            for delivery in of_day:
                self._measure(delivery)

    # ------------------------------------------------------------------------------- people

    def _move(self, day: date, month: MonthTold) -> None:
        for stay in self.town.stays:
            if stay.until_day == day:
                self._stop(stay, stay.schedule, stay.from_day, day)
                month.events.append(EventTold(day, f"{_who(stay)} move out of {stay.home.address}"))
        for stay in self.town.stays:
            if stay.from_day == day:
                self._start(stay, stay.schedule, day)
                month.started += 1
                if day != FIRST_DAY:
                    told = f"{_who(stay)} move into {stay.home.address} on {stay.schedule}"
                    month.events.append(EventTold(day, told))
            if stay.changes_to is not None and day == CHANGE_ASKED_DAY:
                self._change(stay, *stay.changes_to, month)

    def _start(self, stay: Stay, schedule: str, day: date) -> None:
        at = self._clock.tick()
        home = stay.home
        agreement = agreement_name(stay.account_id, home.service_point_id, day)
        if agreement in self._known_agreements(stay):
            return  # lived before
        start_service(
            ServiceRequest(
                account_id=stay.account_id,
                people=stay.people,
                cycle=home.cycle,
                premise_id=home.premise_id,
                address=home.address,
                city=home.city,
                postal_code=home.postal_code,
                tax_place=home.tax_place,
                service_point_id=home.service_point_id,
                meter_id=home.meter_id,
                multiplier=1,
                schedule=schedule,
                from_day=day,
            ),
            learned_at=at,
            view=self._utility.book.as_known(at.date()),
            store=self._utility.store,
        )

    def _stop(self, stay: Stay, schedule: str, from_day: date, day: date) -> None:
        at = self._clock.tick()
        name = agreement_name(stay.account_id, stay.home.service_point_id, from_day)
        known = self._known_agreements(stay)
        ensure(name in known, f"{name} on {schedule} was started before it stops")
        if known[name].agreement.days.until_day == day:
            return  # lived before
        stop_service(agreement_id=name, last_day_out=day, learned_at=at, store=self._utility.store)

    def _change(self, stay: Stay, from_day: date, schedule: str, month: MonthTold) -> None:
        """Ask for another rate option; the sheet decides from when."""
        at = self._clock.tick()
        then = agreement_name(stay.account_id, stay.home.service_point_id, from_day)
        if then not in self._known_agreements(stay):
            change_rate(
                account_id=stay.account_id,
                schedule=schedule,
                asked=CHANGE_ASKED_DAY,
                learned_at=at,
                view=self._utility.book.as_known(at.date()),
                store=self._utility.store,
            )
        ensure(then in self._known_agreements(stay), f"the option changes on {from_day}")
        told = (
            f"{_who(stay)} ask for {schedule} in place of {stay.schedule}: from {from_day} on, "
            "when the next billing period begins"
        )
        month.events.append(EventTold(CHANGE_ASKED_DAY, told))

    def _known_agreements(self, stay: Stay) -> dict[str, BillableService]:
        services = self._utility.store.services_of_account(stay.account_id, END_OF_TIME)
        return {service.agreement.agreement_id: service for service in services}

    # ----------------------------------------------------------------------------- readings

    def _deliver(self, delivery: Delivery, month: MonthTold) -> None:
        folder = self._inbox / delivery.day.isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / delivery.name
        path.write_bytes(delivery.make())
        told = self._receive(path, self._clock.tick())
        month.files.append(replace(told, day=delivery.day, note=delivery.note))
        month.measured_wh += self._measure(delivery)

    def _measure(self, delivery: Delivery) -> int:
        total = 0
        for meter_id, days in delivery.energy:
            measured = self._true_wh(meter_id, days)
            self.measured_wh[meter_id] = self.measured_wh.get(meter_id, 0) + measured
            total += measured
        return total

    def _true_wh(self, meter_id: str, days: DaySpan) -> int:
        home = self.town.home_of_meter(meter_id)
        if isinstance(home.source, Sample):
            return sample_total_wh(home.source.file)
        return sum(wh for _, wh in self.town.values(home, days))

    # ------------------------------------------------------------------------------- nights

    def _night(self, day: date, month: MonthTold) -> None:
        told = live_night(self.town, self._utility, NIGHT_DAY, self._clock.tick())
        month.nights.append(EventTold(day, told))

    def _decide(self, day: date, month: MonthTold) -> None:
        home = self.town.home(TWICE_HOME)
        told = decide(self.town, self._utility, home, NIGHT_DAY, self._clock.tick())
        month.nights.append(EventTold(day, told))

    def _learn_the_weather(self, day: date) -> None:
        """Temperatures until the day before, as a station sends them."""
        at = self._clock.tick()
        terms = Terms(self._utility.book.as_known(at.date()), day)
        station = weather_station(terms)
        if station and self._weather_until < day:
            self._utility.store.record_temperatures(
                temperatures(
                    station,
                    DaySpan(self._weather_until, day),
                    zone_name=self.town.zone_name,
                    learned_at=at,
                )
            )
            self._weather_until = day

    # ----------------------------------------------------------------------------- episodes

    def _tell(self, act: Act | None, day: date, month: MonthTold) -> None:
        if act is None:
            return
        month.acts.append(ActTold(day, act.word, act.sentence))
        if act.correction is not None:
            month.corrections.append(act.correction)
        if act.issued:
            month.runs.append(RunTold(day, f"account {act.stay.account_id}", act.issued, ()))
        self._plan([act.stay], day)

    # -------------------------------------------------------------------------------- bills

    def _bill_cycle(self, cycle: int, day: date, month: MonthTold) -> None:
        self._charge_late(cycle, day, month)
        at = self._clock.tick()
        services = self._utility.store.services_of_cycle(cycle, at)
        self._issue(f"cycle {cycle}", services, day, at, month)
        self._plan(self._stays_of_cycle[cycle], day)

    def _bill_one(self, stay: Stay, day: date, month: MonthTold) -> None:
        at = self._clock.tick()
        services = self._utility.store.services_of_account(stay.account_id, at)
        self._issue(f"account {stay.account_id}", services, day, at, month)
        self._plan([stay], day)

    def _issue(
        self,
        what: str,
        services: list[BillableService],
        day: date,
        at: datetime,
        month: MonthTold,
    ) -> None:
        """Run the bills, unless this run was lived before: what came since was not known to it."""
        store = self._utility.store
        if run_id_of(what, day, at) in {one.run_id for one in store.bill_runs(on=day)}:
            return
        run = issue_bills(
            services=services,
            on=day,
            known_at=at,
            store=store,
            lake=self._utility.lake,
            book=self._utility.book,
            scope=what,
        )
        month.runs.append(RunTold(day, what, tuple(run.issued), tuple(run.held)))
        ended = [
            one.account.account_id for one in services if one.agreement.days.until_day is not None
        ]
        scene = self._scene(day)
        credited = settle_final_bills(ended, on=day, desk=scene.deposits(BY))
        ensure(not credited.refused, "the town's deposits can be credited to final bills")

    def _charge_late(self, cycle: int, day: date, month: MonthTold) -> None:
        """Charge what is late, before the bills that show it."""
        scene = self._scene(day)
        services = scene.store.services_of_cycle(cycle, scene.at)
        due, _ = first_due(services, day, scene.view)
        run = charge_late(
            [one.service.account.account_id for one in due],
            on=day,
            known_at=scene.at,
            store=scene.store,
            book=self._utility.book,
            scope=f"cycle {cycle}",
        )
        ensure(not run.refused, f"late charges of {day} can be decided: {run.refused[:1]}")
        month.late.append(LateTold(day, run.considered, run.charged, run.cents))

    def _scene(self, day: date) -> Scene:
        return Scene(self.town, self._utility, self._inbox.parent, day, self._clock.between())

    # ----------------------------------------------------------------------------- payments

    def _plan(self, stays: list[Stay], day: date) -> None:
        """Who will pay what of the bills of that day, and when: from the bills as they stand."""
        for stay in stays:
            issued: list[StoredBill] = [
                bill
                for bill in self._utility.store.issued_bills_of_account(stay.account_id)
                if bill.issued_day == day and bill.corrects is None
            ]
            for planned in plan_payments(stay.home.name, issued):
                if planned.day <= LAST_RUN_DAY:
                    self._planned.setdefault(planned.day, []).append(planned)

    def _pay(self, planned: PlannedPayment, day: date) -> Iterator[PaymentTold]:
        clock = self._clock
        if planned.by_another_way:
            clock.tick()
        for cents in planned.handed_in:
            learned_at = clock.between() if planned.is_extra else clock.tick()
            try:
                _, newly = take_payment(
                    account_id=planned.account_id,
                    cents=cents,
                    payment_key=planned.key,
                    received_day=day,
                    learned_at=learned_at,
                    view=self._utility.book.as_known(learned_at.date()),
                    store=self._utility.store,
                    how=planned.how,
                    asked_deposits=deposits_asked_on(day, self._utility.store),
                )
            except Conflict as refusal:
                yield _payment(planned, day, cents, "refused", refusal.sentence)
            else:
                yield _payment(planned, day, cents, "posted" if newly else "known")


def _payment(
    planned: PlannedPayment, day: date, cents: int, status: str, sentence: str = ""
) -> PaymentTold:
    return PaymentTold(day, planned.account_id, planned.key, cents, status, sentence)


END_OF_TIME = datetime(2100, 1, 1, tzinfo=UTC)
"""Asks for all that is known by now, whatever the story's clock says."""


def _who(stay: Stay) -> str:
    return " and ".join(name for _, name in stay.people)
