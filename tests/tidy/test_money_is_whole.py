"""Zero cents are unexplained only where no float ever comes near them."""

from __future__ import annotations

import ast

from tests.tidy.house import FOUNDATIONS, ROOMS, listing, modules, name, tree

EXACT = (*FOUNDATIONS, *ROOMS, "usecases")

MEASURED: set[str] = set()
"""Modules that may hold floats because they hold measurements which are never billed (a voltage, a
temperature), each as `src/meterledger/grid/voltage.py`. Give the reason beside the entry."""


def never_money(module: ast.Module) -> set[int]:
    """Find `float` inside isinstance(…), where it is turned away, and the likeness of names."""
    return {
        id(inner)
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        for inner in ast.walk(node)
    } | {
        id(word.value)  # how alike two names must be for "did you mean …?"
        for word in ast.walk(module)
        if isinstance(word, ast.keyword) and word.arg == "cutoff"
    }


def test_no_float_where_money_or_energy_is_computed() -> None:
    offences = []
    for path in modules(*EXACT):
        if name(path) in MEASURED:
            continue
        asked = never_money(tree(path))
        for node in ast.walk(tree(path)):
            if id(node) in asked:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
                offences.append(f"{name(path)}:{node.lineno} writes {node.value!r}")
            elif isinstance(node, ast.Name) and node.id == "float":
                offences.append(f"{name(path)}:{node.lineno} uses float")
            elif isinstance(node, ast.Attribute) and node.attr.startswith("float"):
                offences.append(f"{name(path)}:{node.lineno} uses .{node.attr}")
    assert not offences, (
        "A float cannot hold a dime. Keep cents, watt-hours and prices in millionths as whole "
        "numbers, shares and percentages as Fraction, and round once, by a named rounding of the "
        "kernel.\n" + listing(offences)
    )


def test_nothing_relies_on_assert() -> None:
    offences = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Assert)
    ]
    assert not offences, (
        "`python -O` removes assert, and with it the promise. Use meterledger.kernel.ensure for "
        "what must hold, a refusal for what somebody may get wrong.\n" + listing(offences)
    )
