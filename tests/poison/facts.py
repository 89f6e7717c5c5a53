"""Numeric fields of facts: every one of every rule, as JSON text and as a form; files beside them.

A rule's form is walked, so a new fact is asked without being listed here.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.poison.fields import SHARES, TYPED, NumericField
from tests.poison.money_files import asking
from tests.poison.numbers import BLANKS

from meterledger.entrypoints.web.facts_form import typed_scalar
from meterledger.kernel.exact_json import read_exact_json
from meterledger.kernel.money import Cents
from meterledger.rulebook.forms import fields_of, read_value
from meterledger.rulebook.yaml_nodes import read_nodes
from meterledger.usecases.given_beside import GIVEN_KEYS, given_beside
from meterledger.usecases.rule_registry import RULES


def numeric_facts() -> Iterator[tuple[str, Any]]:
    """Name and type of every number that a rule asks for, groups within groups."""
    for rule in RULES.values():
        yield from _of(rule.facts, rule.id)


def _of(form: Any, path: str) -> Iterator[tuple[str, Any]]:
    for one in fields_of(form):
        inner = core(one.hint)
        if dataclasses.is_dataclass(inner):
            yield from _of(inner, f"{path}.{one.key}")
        elif inner in (int, Cents, Fraction):
            yield f"{path}.{one.key}", inner


def core(hint: Any) -> Any:
    """The type inside ``X | None`` and ``tuple[X, ...]``."""
    kept = [one for one in typing.get_args(hint) if one not in (type(None), Ellipsis)]
    return core(kept[0]) if kept else hint


BOUNDS = {
    int: {"low": -(10**15), "high": 10**15, "places": 0, "forms": TYPED},
    Cents: {"low": -(10**12), "high": 10**12, "places": 2, "forms": TYPED},
    Fraction: {"low": -(10**12), "high": 10**12, "places": 12, "forms": SHARES},
}


def fields() -> Iterator[NumericField]:
    """Of each type in JSON, quoted and not; of each fact, as a form fills it; of files in YAML."""
    for hint, bounds in BOUNDS.items():
        name = "whole" if hint is int else hint.__name__
        quoted = bounds if hint is not int else {"low": 1, "high": 0}
        bare = {**bounds, "forms": frozenset({BLANKS})} if hint is int else {"low": 1, "high": 0}
        escaped = frozenset() if hint is int else frozenset({"\\u0035"})  # JSON's own five
        own = frozenset() if hint is int else frozenset({'"5"'})  # its quotes are JSON's
        yield NumericField(f"JSON, {name} in quotes", _json(hint, '"'), also=escaped, **quoted)  # type: ignore[arg-type]
        yield NumericField(f"JSON, {name} without", _json(hint, ""), also=own, **bare)  # type: ignore[arg-type]
    yield from _yaml()
    for name, hint in facts_once():
        dollars = frozenset({"$5"}) if hint is Cents else frozenset()  # a form of dollars says so
        yield NumericField(f"fact {name}", _fact(hint, name), also=dollars, **BOUNDS[hint])  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def facts_once() -> tuple[tuple[str, Any], ...]:
    """Facts by name, each once."""
    return tuple(dict(numeric_facts()).items())


def _json(hint: Any, quote: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        data = f'{{"fact": {quote}{text}{quote}}}'.encode("utf-8", "surrogatepass")
        told = read_exact_json(data, where="facts.json", do="Write one number there")
        return read_value(hint, told["fact"], where="fact")

    return asking(read)


def _fact(hint: Any, name: str) -> Callable[[str], object]:
    return asking(lambda text: read_value(hint, typed_scalar(hint, text), where=name))


GIVEN = {
    "kw": ('kw: "{}"', 3),
    "kvar": ('kvar: "{}"', 3),
    "history": ('history: {{demand: {{periods: [{{until: 2025-01-01, kw: "{}"}}]}}}}', 3),
    "solar_blocks": ('solar_blocks: "{}"', 0),
    "received_kwh": ('received_kwh: "{}"', 3),
    "credits": ('credits: [{{issued: 2025-01-01, usd: "{}"}}]', 2),
    "cycle": ('cycle: "{}"', 0),
}
"""Facts of `rate --known` that hold a number, and their decimals."""
NO_NUMBERS = frozenset({"programs", "load"})


def _yaml() -> Iterator[NumericField]:
    assert set(GIVEN) | NO_NUMBERS == GIVEN_KEYS, "a new fact beside usage is registered here"
    for key, (line, places) in GIVEN.items():
        yield NumericField(
            f"rate --known, {key}",
            _known(line),
            low={"credits": -(10**12), "cycle": 1}.get(key, 0),
            high={"solar_blocks": 100_000, "cycle": 28}.get(key, 10**30),
            places=places,
            forms=TYPED,
        )


def _known(line: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        data = (line.format(escaped) + "\n").encode("utf-8", "surrogatepass")
        return given_beside(read_nodes(data, "known.yaml").mapping(
            required=frozenset(), allowed=GIVEN_KEYS
        ))  # fmt: skip

    return asking(read)
