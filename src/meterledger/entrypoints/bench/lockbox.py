"""The bench ``lockbox``: a bank's file of payments from bytes to posted and applied.

Lives here      timing the file, and the peer it is set against: COPY of the very same finished rows
                into the same tables with their constraints.
Lives elsewhere the population (``billed_population``) and its bills (``bill_cycle``), the journey
                that is measured (``usecases/payment_files``), unchanged.

Nine of ten pay what they owe, the others a part, more, or name an account that nobody has.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.bill_cycle import bill
from meterledger.entrypoints.bench.billed_population import (
    bench_folder,
    build,
    one_cycle,
    open_bench,
)
from meterledger.entrypoints.memory import loaded_for_good
from meterledger.entrypoints.payment_words import payment_desk
from meterledger.entrypoints.wiring import System
from meterledger.facts.payments import Channel
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.stores.gateways.lockbox_write import lockbox_text
from meterledger.stores.gateways.payment_csv import read_remittances
from meterledger.usecases.payment_files import take_payment_file

AT_ONCE = 10_000


def measure_lockbox(*, accounts: int, repeat: int) -> list[Figure]:
    """Post a file in which each account pays once, ``repeat`` times; return the medians.

    :raises InvariantBroken: if a line of the file is not posted or kept for its account
    """
    runs = [_run_once(accounts) for _ in range(repeat)]
    took = statistics.median(run for run, _ in runs)
    copy = statistics.median(copied for _, copied in runs)
    file = f"one file of {accounts} payments, each on an account with one bill"
    return [
        Figure(
            "payments_per_second", f"{accounts / took:.1f}", {"run_seconds": f"{took:.2f}"}, file
        ),
        Figure("over_copy", f"{took / copy:.2f}", {"copy_seconds": f"{copy:.2f}"}, file),
    ]


def _run_once(accounts: int) -> tuple[float, float]:
    with bench_folder() as folder:
        with open_bench(folder) as system:
            cycle = one_cycle(accounts)
            build(system, [cycle])
            bill(system, cycle)
            took = _post(system, _file(system), accounts)
        return took, _copied(folder)


def _file(system: System) -> bytes:
    """What the bank sends the day after."""
    ids = system.store.account_ids()
    items: list[tuple[str, int]] = []
    for at in range(0, len(ids), AT_ONCE):
        found = system.store.account_money(ids[at : at + AT_ONCE])
        for account, money in found.items():
            owed = sum(one.cents for one in money.movements)
            number = len(items)
            pays = {7: owed // 2, 8: owed + 10_00}.get(number % 10, owed)
            items.append((f"9{account[1:]}" if number % 100 == 99 else account, max(pays, 1)))
    return lockbox_text(items, system.today).encode("ascii")


def _post(system: System, data: bytes, accounts: int) -> float:
    began = time.perf_counter()
    with loaded_for_good():
        file = read_remittances(data, "bench", channel=Channel.LOCKBOX)
        taken, newly = take_payment_file(
            file, sha256=sha256_hex(data), name="bench", by="bench", desk=payment_desk(system)
        )
    took = time.perf_counter() - began
    ensure(newly, "the file is new")
    ensure(taken.received.count == accounts, f"{accounts} payments are accounted for")
    ensure(taken.refused.count == 0, "no line is refused")
    ensure(0 < taken.unapplied.count <= accounts // 50 + 1, "money of nobody waits")
    return took


def _copied(folder: Path) -> float:
    from meterledger.stores.postgres.copying import seconds_to_copy_payments_again

    return seconds_to_copy_payments_again(folder)
