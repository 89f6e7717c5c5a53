"""What is computed today can be computed again in ten years: no clock, no dice, no environment."""

from __future__ import annotations

import ast
import sys

from tests.tidy.house import FOUNDATIONS, ROOMS, listing, modules, name, tree

PURE = (*FOUNDATIONS, *ROOMS, "usecases")

CLOCKS = {"now", "today", "utcnow", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"}
DICE = {"random", "secrets", "uuid4", "uuid1", "urandom"}
ENVIRONMENT = {"environ", "getenv"}


def calls(module: ast.Module) -> list[tuple[int, str]]:
    return [
        (node.lineno, node.func.attr)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def reads_time_module(module: ast.Module) -> list[int]:
    """Find `time.time()`; a datetime's own `.time()` only cuts a known instant."""
    return [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "time"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
    ]


def test_only_doors_look_at_the_clock() -> None:
    offences = [
        f"{name(path)}:{line} calls .{attribute}()"
        for path in modules(*PURE)
        for line, attribute in calls(tree(path))
        if attribute in CLOCKS
    ] + [
        f"{name(path)}:{line} calls time.time()"
        for path in modules(*PURE)
        for line in reads_time_module(tree(path))
    ]
    assert not offences, (
        "Rooms and journeys must give the same answer when a bill is replayed years later. "
        "Take the day as a keyword argument; the entrypoint reads the clock.\n" + listing(offences)
    )


def test_stores_do_not_look_at_the_calendar() -> None:
    offences = [
        f"{name(path)}:{line} calls .{attribute}()"
        for path in modules("stores")
        for line, attribute in calls(tree(path))
        if attribute in {"now", "today", "utcnow"}
    ]
    assert not offences, (
        "A store keeps the moment it is told, so that a day can be lived again in a test. "
        "Take `now` as an argument (waiting with time.monotonic is fine).\n" + listing(offences)
    )


def test_rooms_throw_no_dice_and_read_no_environment() -> None:
    offences = []
    for path in modules(*PURE):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                words = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                words = {(node.module or "").split(".")[0], *(alias.name for alias in node.names)}
            elif isinstance(node, ast.Attribute):
                words = {node.attr}
            else:
                continue
            offences += [
                f"{name(path)}:{node.lineno} uses {word}"
                for word in sorted(words & (DICE | ENVIRONMENT))
            ]
    assert not offences, (
        "A rule that draws lots or reads the environment cannot be replayed. Derive an id from "
        "what it names, hand settings in as arguments.\n" + listing(offences)
    )


def test_the_kernel_imports_the_standard_library_only() -> None:
    offences = []
    for path in modules("kernel"):
        for node in ast.walk(tree(path)):
            roots: set[str] = set()
            if isinstance(node, ast.Import):
                roots = {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                roots = {(node.module or "").split(".")[0]}
            offences += [
                f"{name(path)}:{node.lineno} imports {root}"
                for root in sorted(roots - sys.stdlib_module_names - {"meterledger"})
            ]
    assert not offences, (
        "Whatever the kernel needs, everybody who reads a bill again in ten years needs too. "
        "Put code that needs a package into the room or store that uses it.\n" + listing(offences)
    )


def test_stores_make_no_decisions() -> None:
    offences = [
        f"{name(path)}:{node.lineno} makes a Decision"
        for path in modules("stores")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Decision"
    ]
    assert not offences, (
        "A store keeps decisions that a room made. Let the journey ask the room and hand the store "
        "the result.\n" + listing(offences)
    )
