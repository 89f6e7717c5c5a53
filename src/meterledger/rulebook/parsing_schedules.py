"""Values that list charges: schedules, programmes beside them, and classes of service.

Lives here      their form in a file and the words when they are wrong.
Lives elsewhere calendars (``parsing_calendars``), whether the names they use exist
                (``names_schedule``), what a charge costs (``rating``).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meterledger.rulebook.schedule import (
    OF_LINES,
    PROGRAM_KINDS,
    SERVICE_CLASSES,
    BillingDemandRule,
    Block,
    BlockSet,
    ChargeKind,
    ChargeRule,
    DemandPart,
    DemandRule,
    NetMetering,
    Program,
    Ratchet,
    ServiceClass,
    Solar,
)
from meterledger.rulebook.yaml_nodes import Node

NOTHING: frozenset[str] = frozenset()
CHARGE_KEYS = frozenset({"code", "label", "kind"})
CHARGE_MAY = frozenset({"price", "season", "period", "block"})
SCHEDULE_KEYS = frozenset({"name", "sheet", "seasons", "charges"})
SCHEDULE_MAY = frozenset(
    {"windows", "block_limit", "demand_window", "demands", "billing_demands", "block_sets"}
)
MORE_KEYS = {
    ChargeKind.ENERGY: frozenset({"block_set"}),
    ChargeKind.DEMAND: frozenset({"demand", "over"}),
    ChargeKind.REACTIVE: frozenset({"demand", "beyond", "minutes"}),
    ChargeKind.PERCENT: frozenset({"of", "group"}),
    ChargeKind.MINIMUM: frozenset({"of", "demand", "demand_price"}),
}
"""Keys that a charge of a kind may have beside those that every charge may."""
MUST_HAVE = {
    ChargeKind.REACTIVE: ("demand", "beyond"),
    ChargeKind.PERCENT: ("of",),
    ChargeKind.MINIMUM: ("of",),
}
WHOLE_WINDOW = frozenset({*OF_LINES, *PROGRAM_KINDS, ChargeKind.PER_BILL})
"""Kinds that have no season, period or block."""
MINUTES = ("15", "30", "60")


@dataclass(frozen=True, slots=True)
class ScheduleBody:
    """A schedule as its file states it; the book adds its code, days and citation."""

    name: str
    sheet: str
    seasons: str
    windows: str | None
    block_limit: str | None
    demand_window: str | None
    charges: tuple[ChargeRule, ...]
    demands: tuple[DemandRule, ...] = ()
    billing_demands: tuple[BillingDemandRule, ...] = ()
    block_sets: tuple[BlockSet, ...] = ()


def parse_schedule(node: Node) -> ScheduleBody:
    """A rate option: its calendars by name, and its charges in the order of the bill."""
    keys = node.mapping(required=SCHEDULE_KEYS, allowed=SCHEDULE_MAY)
    charges = _charges(keys["charges"])
    for one, charge in zip(keys["charges"].items(), charges, strict=True):
        if charge.kind in PROGRAM_KINDS:
            raise one.refuse(
                f"Charge '{charge.code}' is of the kind {charge.kind.value}, of a programme",
                "Put it into a value of kind program that names this schedule",
            )
    demands = tuple(_demand(one) for one in _list(keys, "demands"))
    billing = tuple(_billing_demand(one) for one in _list(keys, "billing_demands"))
    sets = tuple(_block_set(one) for one in _list(keys, "block_sets"))
    _name_once(node, [*(one.name for one in demands), *(one.name for one in billing)], "demands")
    _name_once(node, [one.name for one in sets], "block sets")
    return ScheduleBody(
        name=keys["name"].text(),
        sheet=keys["sheet"].text(),
        seasons=keys["seasons"].text(),
        windows=_text(keys, "windows"),
        block_limit=_text(keys, "block_limit"),
        demand_window=_text(keys, "demand_window"),
        charges=charges,
        demands=demands,
        billing_demands=billing,
        block_sets=sets,
    )


def parse_program(node: Node) -> Program:
    """A programme beside a schedule: who may have it, what it replaces, what it charges."""
    keys = node.mapping(
        required=frozenset({"name", "schedules", "charges"}),
        allowed=frozenset({"solar", "net_metering"}),
    )
    solar = net = None
    if "solar" in keys:
        more = keys["solar"].mapping(required=frozenset({"block_kwh", "replaces"}), allowed=NOTHING)
        solar = Solar(
            more["block_kwh"].text(), tuple(one.text() for one in more["replaces"].items())
        )
    if "net_metering" in keys:
        more = keys["net_metering"].mapping(required=frozenset({"expires_months"}), allowed=NOTHING)
        net = NetMetering(more["expires_months"].text())
    if solar is not None and net is not None:
        raise node.refuse(
            "A programme has Solar Blocks or net metering, not both", "Make two programmes of it"
        )
    return Program(
        name=keys["name"].text(),
        schedules=tuple(one.text() for one in keys["schedules"].items()),
        charges=_charges(keys["charges"]),
        solar=solar,
        net_metering=net,
    )


def parse_service_class(node: Node) -> ServiceClass:
    """A class of service and the schedules that are of it."""
    keys = node.mapping(required=frozenset({"class", "schedules"}), allowed=NOTHING)
    name = keys["class"].text()
    if name not in SERVICE_CLASSES:
        raise keys["class"].refuse(
            f"'{name}' is not a class of service", f"Use one of {', '.join(SERVICE_CLASSES)}"
        )
    codes = tuple(one.text() for one in keys["schedules"].items())
    if len(set(codes)) != len(codes):
        raise keys["schedules"].refuse("A schedule stands twice", "Keep one of the two")
    return ServiceClass(name, codes)


def _charges(node: Node) -> tuple[ChargeRule, ...]:
    charges = tuple(_charge(one) for one in node.items())
    codes = [charge.code for charge in charges]
    for code in codes:
        if codes.count(code) > 1:
            raise node.refuse(f"Two charges are called '{code}'", "Rename one of them")
    return charges


def _charge(node: Node) -> ChargeRule:
    every = frozenset().union(*MORE_KEYS.values())
    keys = node.mapping(required=CHARGE_KEYS, allowed=CHARGE_MAY | every)
    kind = _one_of(ChargeKind, keys["kind"])
    _check_keys(node, kind, frozenset(keys) - CHARGE_KEYS)
    block, number = _block(keys)
    return ChargeRule(
        code=keys["code"].text(),
        label=keys["label"].text(),
        kind=kind,
        price=_text(keys, "price") or "",
        season=_text(keys, "season"),
        period=_text(keys, "period"),
        block=block,
        block_set=_text(keys, "block_set"),
        block_number=number,
        demand=_text(keys, "demand"),
        over=_text(keys, "over"),
        beyond=_text(keys, "beyond"),
        of=tuple(one.text() for one in _list(keys, "of")),
        demand_price=_text(keys, "demand_price"),
        minutes=_minutes(keys["minutes"]) if "minutes" in keys else None,
        is_rider=kind is ChargeKind.RIDER or _is_rider(keys),
    )


def _check_keys(node: Node, kind: ChargeKind, given: frozenset[str]) -> None:
    """A key that a kind does not know would be passed over in silence."""
    may = CHARGE_MAY | MORE_KEYS.get(kind, NOTHING)
    if kind in WHOLE_WINDOW:
        may -= {"season", "period", "block"}
    if kind is ChargeKind.NET_CREDIT:
        may -= {"price"}
    unknown = sorted(given - may)
    if unknown:
        raise node.refuse(
            f"A charge of the kind {kind.value} has no '{unknown[0]}'",
            "Leave it out, or state the kind that has it",
        )
    needed = ("price", *MUST_HAVE.get(kind, ())) if kind is not ChargeKind.NET_CREDIT else ()
    missing = [key for key in needed if key not in given]
    if kind is ChargeKind.MINIMUM and ("demand" in given) != ("demand_price" in given):
        missing = ["demand and demand_price together"]
    if missing:
        raise node.refuse(
            f"A charge of the kind {kind.value} needs {missing[0]}", f"Add {missing[0]}"
        )


def _block(keys: dict[str, Node]) -> tuple[Block | None, int | None]:
    if "block_set" not in keys:
        return (_one_of(Block, keys["block"]) if "block" in keys else None), None
    if "block" not in keys or not re.fullmatch("[1-9]", keys["block"].as_written()):
        raise keys["block_set"].refuse(
            "A charge of a block set names its block by number", 'Write block: "1", in quotes'
        )
    return None, int(keys["block"].text())


def _is_rider(keys: dict[str, Node]) -> bool:
    if "group" not in keys:
        return False
    if keys["group"].text() not in ("base", "rider"):
        raise keys["group"].refuse(
            f"'{keys['group'].text()}' is no group of charges", "Use base or rider"
        )
    return keys["group"].text() == "rider"


def _demand(node: Node) -> DemandRule:
    keys = node.mapping(required=frozenset({"name", "minutes"}), allowed=frozenset({"hours"}))
    return DemandRule(keys["name"].text(), _minutes(keys["minutes"]), _text(keys, "hours"))


def _minutes(node: Node) -> int:
    minutes = str(node.value) if node.kind == "integer" else ""
    if minutes not in MINUTES:
        raise node.refuse(
            "Demand is measured over 15, 30 or 60 minutes", "Write minutes: 15, without quotes"
        )
    return int(minutes)


def _billing_demand(node: Node) -> BillingDemandRule:
    keys = node.mapping(
        required=frozenset({"name", "highest_of"}), allowed=frozenset({"floor", "ratchet"})
    )
    parts = []
    for one in keys["highest_of"].items():
        part = one.mapping(required=frozenset({"demand"}), allowed=frozenset({"share"}))
        parts.append(DemandPart(part["demand"].text(), _text(part, "share")))
    ratchet = None
    if "ratchet" in keys:
        more = keys["ratchet"].mapping(
            required=frozenset({"share", "periods"}), allowed=frozenset({"season"})
        )
        ratchet = Ratchet(more["share"].text(), more["periods"].text(), _text(more, "season"))
    return BillingDemandRule(keys["name"].text(), tuple(parts), _text(keys, "floor"), ratchet)


def _block_set(node: Node) -> BlockSet:
    keys = node.mapping(
        required=frozenset({"name", "limits", "per"}), allowed=frozenset({"demand"})
    )
    per, demand = keys["per"].text(), _text(keys, "demand")
    if per not in ("month", "kw") or (per == "kw") != (demand is not None):
        raise keys["per"].refuse(
            "Blocks are per month, or per kw of a demand",
            "Write per: month, or per: kw and demand: NAME",
        )
    return BlockSet(
        keys["name"].text(), tuple(one.text() for one in keys["limits"].items()), demand
    )


def _name_once(node: Node, names: list[str], what: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise node.refuse(f"Two {what} are called '{name}'", "Rename one of them")


def _text(keys: dict[str, Node], key: str) -> str | None:
    return keys[key].text() if key in keys else None


def _list(keys: dict[str, Node], key: str) -> list[Node]:
    return keys[key].items() if key in keys else []


def _one_of(words: type, node: Node):  # type: ignore[no-untyped-def]
    text = node.text()
    known = [one.value for one in words]  # type: ignore[attr-defined]
    if text not in known:
        raise node.refuse(f"'{text}' is not a {node.name}", f"Use one of {', '.join(known)}")
    return words(text)
