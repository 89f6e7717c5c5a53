"""The charges of a plan as operations of a proof file: quantity, price, amount, and where cut.

Lives here      each kind of charge, demand, block and programme as the operations it consists of.
Lives elsewhere the values they ask for (``proof_values``), taxes and other amounts
                (``proof_amounts``), the arithmetic that the bill was made by (``rating``).
Read first      docs/reference/proof_file.md, "Operations"; docs/reference/tariff_files.md.

This says how a bill follows; it computes nothing. A mistake here makes a file that does not hold.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from meterledger.kernel.money import usd_text
from meterledger.rating import RatePlan
from meterledger.rulebook.schedule import (
    ALL_HOURS,
    ENERGY_KINDS,
    BillingDemandRule,
    Block,
    BlockSet,
    ChargeKind,
    ChargeRule,
    Program,
)
from meterledger.usecases.given_beside import GivenBeside
from meterledger.usecases.proof_readings import INSTEAD, CannotProve
from meterledger.usecases.proof_values import Operation, ProofValues, op, thousandths

BLOCK_SHARING, SEASON_BASIS = "block_share_between_periods", "season_proration_basis"
UNITS = {
    ChargeKind.MONTHLY: "month",
    ChargeKind.DAILY: "day",
    ChargeKind.PER_BILL: "bill",
    ChargeKind.SOLAR_BLOCK: "block",
    ChargeKind.DEMAND: "kW",
    ChargeKind.REACTIVE: "kvar",
    ChargeKind.PERCENT: "USD",
    ChargeKind.MINIMUM: "USD",
    ChargeKind.NET_CREDIT: "USD",
}
ALWAYS = {ChargeKind.MONTHLY, ChargeKind.DAILY, ChargeKind.PER_BILL}
BY_AMOUNT = {ChargeKind.PERCENT, ChargeKind.MINIMUM, ChargeKind.NET_CREDIT}
UNCUT = {
    ChargeKind.PER_BILL,
    ChargeKind.SOLAR_BLOCK,
    ChargeKind.NET_EXCESS,
    ChargeKind.NET_CREDIT,
    ChargeKind.MINIMUM,
}
DELIVERED, RECEIVED, REACTIVE = "delivered", "received", "reactive"
"""Flows of energy that readings are of."""


class PlanCharges:
    """The charges of one plan of a bill."""

    def __init__(
        self,
        plan: RatePlan,
        given: GivenBeside,
        values: ProofValues,
        loads: list[Operation] | None = None,
        meters: int = 1,
    ) -> None:
        """``given`` is what the bill was given beside its usage, ``loads`` what it is the sum of
        where there is no meter, ``meters`` at how many service points it was measured.
        """
        self.meters = meters
        self.plan, self.values, self.given, self.loads = plan, values, given, loads
        self.schedule = plan.schedule
        self.rules = list(dict.fromkeys(line.rule for line in plan.lines))
        self.every_day = list(plan.window.days())
        self.days: dict[ChargeRule, list[date]] = {
            rule: [d for line in plan.lines if line.rule == rule for d in line.days.days()]
            for rule in self.rules
        }

    def told(self, rule: ChargeRule) -> dict[str, Any]:
        """One charge as the file has it."""
        kind, days, values = rule.kind, self.days[rule], self.values
        told: dict[str, Any] = {
            "code": rule.code,
            "unit": UNITS.get(kind, "kWh"),
            "quantity": self._quantity(rule),
            "times": [],
            "by": self._by(rule),
            "stands": "always" if kind in ALWAYS else "amount" if kind in BY_AMOUNT else "quantity",
        }
        if rule.season is not None:
            told["season"] = rule.season
        if kind not in UNCUT:
            told["cut_with"] = self.cut_with(rule)
        if kind is ChargeKind.PERCENT:
            told["times"] = [values.value(rule.price, days)]
        elif kind is ChargeKind.SOLAR_BLOCK:
            told["price"] = values.on_first_day(rule.price)
        elif kind in (ChargeKind.PER_BILL, ChargeKind.NET_EXCESS):
            told["price"] = values.on_last_day(rule.price)
        elif kind is ChargeKind.NET_CREDIT:
            told["times"] = ["-1"]
        elif kind is not ChargeKind.MINIMUM:
            told["price"] = values.value(rule.price, days)
        if kind in (ChargeKind.DEMAND, ChargeKind.REACTIVE):
            told["times"] = [values.months()]
        if kind is ChargeKind.NET_EXCESS:
            told["granted"] = True
        return told

    def cut_with(self, rule: ChargeRule) -> list[str]:
        """The values at whose changes the rule's lines are cut."""
        names: list[str | None] = [rule.price, rule.beyond, *self._cuts_of_demands(rule)]
        if rule.block_set is not None:
            names += self.schedule.block_set(rule.block_set).limits
            alike = (rule.block_set, rule.season)
            names += [o.price for o in self.rules if (o.block_set, o.season) == alike]
        if rule.block is not None:
            names.append(self.schedule.block_limit)
            names += [o.price for o in self.rules if o.block and o.season == rule.season]
        if rule.kind is ChargeKind.DEMAND and rule.demand is None:
            names.append(self.schedule.demand_window)
        if rule.period is not None:
            names.append(self.schedule.windows)
        return list(dict.fromkeys(name for name in names if name))

    def _cuts_of_demands(self, rule: ChargeRule) -> list[str | None]:
        blocks = self.schedule.block_set(rule.block_set) if rule.block_set else None
        asked = [rule.demand, rule.over, blocks.demand if blocks else None]
        return [name for one in asked if one for name in self._names_of_demand(one)]

    def _names_of_demand(self, name: str) -> list[str | None]:
        billing = self.schedule.billing_demand(name)
        if billing is None:
            return [one.hours for one in self.schedule.demands if one.name == name]
        names: list[str | None] = [billing.floor, *(part.share for part in billing.parts)]
        if billing.ratchet is not None:
            names += [billing.ratchet.share, billing.ratchet.periods]
        return names + [n for part in billing.parts for n in self._names_of_demand(part.demand)]

    def _by(self, rule: ChargeRule) -> list[str]:
        """Readings of clauses that the rule's lines stand on."""
        found = []
        if (rule.block or rule.block_set) and len(self.plan.periods) > 1:
            found.append(self.values.ask(BLOCK_SHARING, self.days[rule]))
        cut = rule.kind not in UNCUT and rule.kind is not ChargeKind.PERCENT
        if cut and rule.season and len({one.season for one in self.plan.segments}) > 1:
            found.append(self.values.ask(SEASON_BASIS, self.days[rule]))
        if cut and rule.season:
            found += self.values.season_readings(self.days[rule])
        return found

    def _quantity(self, rule: ChargeRule) -> Operation:
        kind = rule.kind
        if kind in ENERGY_KINDS:
            return self._energy_of(rule)
        if kind is ChargeKind.MONTHLY:
            return self.values.months()
        if kind is ChargeKind.DEMAND:
            return self._demand_of(rule)
        if kind is ChargeKind.REACTIVE:
            return self._reactive_of(rule)
        if kind is ChargeKind.MINIMUM:
            return self._lacks_of(rule)
        if kind is ChargeKind.NET_CREDIT:
            return self._credit()
        others: dict[ChargeKind, Operation] = {
            ChargeKind.DAILY: "days",
            ChargeKind.PER_BILL: "1",
            ChargeKind.PERCENT: {"lines": list(rule.of)},
            ChargeKind.NET_EXCESS: {"net": "excess"},
            ChargeKind.SOLAR_BLOCK: {"value": "given:solar_blocks@last"},
        }
        return others[kind]

    # ------------------------------------------------------------------------------ energy

    def _energy_of(self, rule: ChargeRule) -> Operation:
        days = self.days[rule]
        if rule.block is None and rule.block_set is None:
            return self._energy(rule.period, days)
        periods: list[str | None] = [None] if rule.period is None else [*self.plan.periods]
        return {
            "block": {
                "of": [self._energy(period, days) for period in periods],
                "ends": self._ends(rule),
                "block": rule.block_number or (1 if rule.block is Block.FIRST else 2),
                "place": periods.index(rule.period),
            }
        }

    def _energy(self, period: str | None, days: list[date]) -> Operation:
        hours = self.schedule.windows if period not in (None, ALL_HOURS) else None
        if hours is not None:
            self.values.ask(hours, days)
        of = period if hours else None
        if self.plan.net is not None:
            return {"net": of or ALL_HOURS}
        if self.loads is None:
            return _flow(DELIVERED, hours, of)
        if hours is not None:
            raise CannotProve(
                "The energy of loads without a meter is billed by the time of day",
                where=self.schedule.code,
                why="The proof file has it by day",
                do=INSTEAD,
            )
        return {"rise": op("rounded", op("sum", *self.loads))}

    def _ends(self, rule: ChargeRule) -> list[Operation]:
        """Where each block but the last ends."""
        days, months = self.days[rule], self.values.months()
        if rule.block is not None:
            limit = self.values.value(str(self.schedule.block_limit), days)
            return [op("down", op("product", limit, months))]
        blocks: BlockSet = self.schedule.block_set(str(rule.block_set))
        widths = [self.values.value(name, days) for name in blocks.limits]
        per = [self._demand(blocks.demand, days)] if blocks.demand else []
        return [
            op("down", op("product", op("sum", *widths[: n + 1]), *per, months))
            for n in range(len(widths))
        ]

    # ------------------------------------------------------------------------------ demand

    def _demand_of(self, rule: ChargeRule) -> Operation:
        days = self.days[rule]
        if rule.demand is None:
            return self._of_each_meter(self._peak(60, self.schedule.demand_window, days))
        demand = self._demand(rule.demand, days)
        if rule.over is None:
            return demand
        return op("most", "0", op("less", demand, self._demand(rule.over, days)))

    def _reactive_of(self, rule: ChargeRule) -> Operation:
        days = self.days[rule]
        peak = {"flow": REACTIVE, "minutes": rule.minutes, "hours": None}
        kvar: Operation = {"peak": peak}
        share = self.values.value(str(rule.beyond), days)
        free = op("down", op("product", share, self._demand(str(rule.demand), days)))
        return op("most", "0", op("less", kvar, free))

    def _demand(self, name: str, days: list[date]) -> Operation:
        """A measured or a billing demand by its name."""
        billing = self.schedule.billing_demand(name)
        if billing is not None:
            return self._billing_demand(billing, days)
        return self._of_each_meter(self._measured(name, days))

    def _of_each_meter(self, told: Operation) -> Operation:
        """Of several meters of an account each one's own is taken, and they are added."""
        return told if self.meters == 1 else {"each_meter": told}

    def _measured(self, name: str, days: list[date]) -> Operation:
        (one,) = [each for each in self.schedule.demands if each.name == name]
        return self._peak(one.minutes, one.hours, days)

    def _peak(self, minutes: int, hours: str | None, days: list[date]) -> Operation:
        if hours is not None:
            self.values.ask(hours, days)
        return {"peak": {"flow": DELIVERED, "minutes": minutes, "hours": hours}}

    def _billing_demand(self, billing: BillingDemandRule, days: list[date]) -> Operation:
        values = self.values
        of_meter: list[Operation] = []
        for part in billing.parts:
            measured = self._measured(part.demand, days)
            if part.share:
                share = values.value(part.share, days)
                measured = op("rounded", op("product", measured, share))
            of_meter.append(measured)
        parts = [self._of_each_meter(op("most", *of_meter))]
        if billing.floor is not None:
            parts.append(op("rounded", values.value(billing.floor, days)))
        ratchet = billing.ratchet
        if ratchet is not None:
            before = self._before(billing.name)
            count = values.value(ratchet.periods, days)
            of = {"of": before, "count": count, "season": ratchet.season}
            for until, _ in self.given.history[billing.name]:
                values.ask_period_ending(until - timedelta(days=1))
            share_of = op("product", values.value(ratchet.share, days), {"before": of})
            parts.append(op("rounded", share_of))
        return op("most", *parts)

    def _before(self, name: str) -> str:
        known = {
            "periods": [
                [str(until), thousandths(watts)] for until, watts in self.given.history[name]
            ],
            "begins_with_service": name in self.given.new,
        }
        return self.values.give(f"{name}_before", known, "the bills of the periods before")

    # ------------------------------------------------------------------- lines and programmes

    def _lacks_of(self, rule: ChargeRule) -> Operation:
        """What lines above lack to a minimum."""
        values, months = self.values, self.values.months()
        price = values.value(rule.price, self.every_day)
        fixed = {"cut_with": [rule.price], "of": op("product", price, months)}
        parts: list[Operation] = [{"parts": fixed}]
        if rule.demand is not None and rule.demand_price is not None:
            per_kw = values.value(rule.demand_price, self.every_day)
            of = op("product", self._demand(rule.demand, self.every_day), per_kw, months)
            cuts = [rule.demand_price, *self._cuts_of_demands(rule)]
            parts.append({"parts": {"cut_with": [name for name in cuts if name], "of": of}})
        minimum = op("cents", op("sum", *parts))
        return op("most", "0", op("less", minimum, {"lines": list(rule.of)}))

    def _credit(self) -> Operation:
        """Credits of bills before, as far as the lines above have room for them."""
        granted = [[str(day), usd_text(cents)] for day, cents in self.given.credits or ()]
        name = self.values.give("net_credits", granted, "the bills of the periods before")
        months = self.values.on_last_day(_expires(self.values, self.given))
        alive = {"alive": {"of": name, "months": months, "on": "last"}}
        return op("least", alive, op("most", "0", {"lines": None}))

    def net(self) -> dict[str, Any]:
        """How what was received is taken off what was delivered: in which periods and runs."""
        hours = self.schedule.windows
        if hours is not None:
            self.values.ask(hours, self.every_day)
        cuts = [n for rule in self.rules if rule.kind in ENERGY_KINDS for n in self.cut_with(rule)]
        periods = list(self.plan.periods) if hours else [ALL_HOURS]
        of = {
            one: op(
                "less", *(_flow(f, hours, one if hours else None) for f in (DELIVERED, RECEIVED))
            )
            for one in periods
        }
        return {"season": "each", "cut_with": list(dict.fromkeys(cuts)), "of": of}

    def solar(self) -> dict[str, Any]:
        """What Solar Blocks take off which charges."""
        values, rule = self.values, None
        for name in self.given.programs:
            rule = _program(values, name).solar or rule
        plan = self.plan.solar
        if rule is None or plan is None:
            return {}
        source = f"the service's part in {', '.join(self.given.programs)}"
        values.give("solar_blocks", str(self.given.solar_blocks), source)
        block = op("down", values.on_first_day(rule.block_kwh))
        codes = [[self.plan.lines[n].rule.code for n in group] for group in plan.groups]
        return {
            "kwh": op("product", {"value": "given:solar_blocks@last"}, block),
            "groups": [list(dict.fromkeys(group)) for group in codes],
        }


def _flow(flow: str, hours: str | None, period: str | None) -> Operation:
    of = {} if period is None else {"hours": hours, "period": period}
    return {"energy": {"flow": flow, **of}}


def _program(values: ProofValues, name: str) -> Program:
    found: Program = values.view.of_kind(name, "program").on(values.window.from_day).value
    return found


def _expires(values: ProofValues, given: GivenBeside) -> str:
    """The name of the number of months that a credit lives."""
    found = [one.net_metering for one in (_program(values, name) for name in given.programs)]
    return next(one.expires_months for one in found if one is not None)
