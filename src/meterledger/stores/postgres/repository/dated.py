"""Facts on two clocks as rows: reading what is believed, adding what is new, closing what is not.

Lives here      one way to write any dated fact, and how its parts stand in columns.
Lives elsewhere what may not hold twice on a day (``stores.believed``), which facts a call brings
                (``places``, ``meters``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from fractions import Fraction
from typing import Any

from psycopg.types.json import Jsonb

from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    Meter,
    MeterConfiguration,
    MeterKind,
    PremiseLink,
    Register,
    UnmeteredLoad,
)
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.readings import Flow
from meterledger.facts.taxes import ExemptionKind, SalesTaxPlace, TaxExemption, TaxKind
from meterledger.kernel.span import Validity
from meterledger.stores.believed import Believed, Fact, with_learned_at
from meterledger.stores.postgres.connections import Connection

TABLES: dict[type[Any], str] = {
    Person: "person",
    Account: "account",
    Premise: "premise",
    ServicePoint: "service_point",
    Meter: "meter",
    AccountHolder: "account_holder",
    TaxPlace: "tax_place",
    SalesTaxPlace: "sales_tax_place",
    TaxExemption: "tax_exemption",
    MeterInstallation: "meter_installation",
    Agreement: "agreement",
    MeterConfiguration: "meter_configuration",
    PremiseLink: "premise_link",
    UnmeteredLoad: "unmetered_load",
}
SQL_TYPES = {
    "cycle": "smallint",
    "opened_day": "date",
    "multiplier": "integer",
    "began_second": "integer",
    "ended_second": "integer",
    "interval_seconds": "integer",
    "confidence": "smallint",
    "count": "integer",
    "volt_amperes": "integer",
    "registers": "jsonb",
    "settings": "jsonb",
    "hours": "jsonb",
    "learned_at": "timestamptz",
}
REMEMBERED: dict[type[Any], tuple[str, ...]] = {MeterConfiguration: ("fingerprint",)}
"""What a fact works out and its table keeps as well, to be looked for."""


def _registers(told: Sequence[dict[str, Any]]) -> tuple[Register, ...]:
    return tuple(Register(**one | {"flow": Flow(one["flow"])}) for one in told)


READ: dict[type[Any], dict[str, Callable[[Any], Any]]] = {
    Meter: {"kind": MeterKind},
    MeterConfiguration: {
        "billed_on": BilledOn,
        "registers": _registers,
        "settings": lambda told: tuple((name, value) for name, value in told),
    },
    PremiseLink: {"source": LinkSource},
    TaxExemption: {"tax": TaxKind, "kind": ExemptionKind, "share": Fraction},
    UnmeteredLoad: {"hours": lambda told: tuple((begin, until) for begin, until in told)},
}
"""How a column becomes a part of its fact, where it is not the same already."""


def stored(value: Any) -> Any:
    """A part of a fact as its column takes it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return Jsonb([one.as_json() if isinstance(one, Register) else list(one) for one in value])
    return value


def columns_of(kind: type[Any]) -> list[str]:
    """The columns of a dated fact's table but for its two clocks."""
    return [one.name for one in fields(kind) if one.name not in ("days", "learned_at")]


def arrays(names: Sequence[str]) -> str:
    """Placeholders for one array for each column."""
    return ", ".join(f"%b::{SQL_TYPES.get(name, 'text')}[]" for name in names)


def fact_of(kind: type[Any], row: Sequence[Any]) -> Any:
    """A fact from its columns, the first day, the day out and the instant learned."""
    *told, from_day, until_day, learned_at = row
    parts = parts_of(kind, columns_of(kind), told)
    return kind(**parts, days=Validity(from_day, until_day), learned_at=learned_at)


def parts_of(kind: type[Any], names: Sequence[str], told: Sequence[Any]) -> dict[str, Any]:
    """The parts of a fact by name, from its columns."""
    readers = READ.get(kind, {})
    return {
        name: readers[name](value) if name in readers else value
        for name, value in zip(names, told, strict=True)
    }


def keep_dated(
    connection: Connection,
    facts: Sequence[Fact],
    believed: Believed[Fact],
    keys: dict[str, list[str]],
    *,
    may_repeat: bool = True,
) -> int:
    """Insert the facts that say something new; how many.

    :raises Conflict: if one cannot be
    """
    if not facts:
        return 0
    kind: Any = type(facts[0])
    rows = connection.execute(
        f"SELECT {', '.join(columns_of(kind))}, lower(days), upper(days), lower(known),"
        f" upper(known) FROM {TABLES[kind]}"
        f" WHERE {' OR '.join(f'{key} = ANY (%s)' for key in keys)}",
        [sorted(set(values)) for values in keys.values()],
    )
    for *row, closed_at in rows:
        known = fact_of(kind, row)
        if closed_at is None:
            believed.add(known)
        else:
            believed.close(known, closed_at)
    new: list[Fact] = []
    for fact in facts:
        if believed.is_new(fact, may_repeat=may_repeat):
            believed.add(fact)
            new.append(with_learned_at(fact, believed.learned_at(fact)))
    insert_dated(connection, new)
    return len(new)


def insert_dated(connection: Connection, facts: Sequence[Any]) -> None:
    """Insert facts of one kind, believed from the instant each was learned."""
    if not facts:
        return
    kind = type(facts[0])
    names = [*columns_of(kind), *REMEMBERED.get(kind, ())]
    chosen = ", ".join(f"n.{name}" for name in names)
    connection.execute(
        f"INSERT INTO {TABLES[kind]} ({', '.join(names)}, days, known)"
        f" SELECT {chosen}, daterange(n.from_day, n.until_day), tstzrange(n.learned_at, NULL)"
        f" FROM unnest({arrays(names)}, %b::date[], %b::date[], %b::timestamptz[])"
        f" AS n ({', '.join(names)}, from_day, until_day, learned_at)"
        f" ORDER BY {chosen}",
        [
            *([stored(getattr(fact, name)) for fact in facts] for name in names),
            [fact.days.from_day for fact in facts],
            [fact.days.until_day for fact in facts],
            [fact.learned_at for fact in facts],
        ],
    )


def close_dated(connection: Connection, fact: Any, key: str, closed_at: datetime) -> bool:
    """Believe a fact no longer from that instant on; False if it is not what is believed now."""
    kind = type(fact)
    row = connection.execute(
        f"SELECT id, {', '.join(columns_of(kind))}, lower(days), upper(days), lower(known)"
        f" FROM {TABLES[kind]} WHERE {key} = %s AND lower(days) = %s AND upper_inf(known)"
        " FOR UPDATE",
        [getattr(fact, key), fact.days.from_day],
    ).fetchall()
    for number, *told in row:
        if fact_of(kind, told) == fact:
            connection.execute(
                f"UPDATE {TABLES[kind]} SET known = tstzrange(lower(known), %s) WHERE id = %s",
                [closed_at, number],
            )
            return True
    return False
