"""Three customers near the due day: on it, a day after it, and by mail a day after it.

Lives here      what became of them, looked up in the charges that were made.
Lives elsewhere their payments (``payments``), charging (``usecases/late_charges``).
"""

from __future__ import annotations

from datetime import date

from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.payments import MAILED_HOME, ON_TIME_HOME, ONE_LATE_HOME
from meterledger.entrypoints.demo.scene import Scene
from meterledger.facts.late_charges import LateCharge
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_display

TOLD_ON = date(2025, 11, 21)
"""When the bills after those of October are out."""


def near_the_due_day(scene: Scene) -> list[ActTold]:
    """Who was charged for a day, and who was not."""
    (charge,) = _charges(scene, ONE_LATE_HOME)
    ensure(not _charges(scene, ON_TIME_HOME), "who pays on the due day is not charged")
    ensure(not _charges(scene, MAILED_HOME), "mail has two business days")
    names = {
        home: scene.stay(home).account_id for home in (ON_TIME_HOME, ONE_LATE_HOME, MAILED_HOME)
    }
    return [
        scene.told(
            "late",
            f"Paid on the due day ({names[ON_TIME_HOME]}): no charge. A day late "
            f"({names[ONE_LATE_HOME]}): {usd_display(charge.cents)} on "
            f"{usd_display(charge.base_cents)}, on the bill of {charge.on}. A check by mail, a day "
            f"after ({names[MAILED_HOME]}): still in time.",
        )
    ]


def _charges(scene: Scene, home_name: str) -> list[LateCharge]:
    found = scene.store.late_charges_of_account(scene.stay(home_name).account_id)
    return [one for one in found if one.on <= scene.day]
