"""Two who do the same at once: who comes second is told what the first one did.

A journey looks first whether it was done already. Who looked before another's word was there, and
came to say the same after it, is refused by what the other one did: then it is looked at once more.

Lives here      looking once more.
Lives elsewhere money that moved meanwhile (``post_payments.again_if_moved``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from meterledger.kernel.refusal import Refusal

Told = ParamSpec("Told")
Done = TypeVar("Done")


def looks_once_more(journey: Callable[Told, Done]) -> Callable[Told, Done]:
    """A journey that is done again where it was refused, and refuses the second time.

    For journeys that keep all in one transaction, so that a refused one has kept nothing.
    """

    @wraps(journey)
    def look(*told: Told.args, **how: Told.kwargs) -> Done:
        try:
            return journey(*told, **how)
        except Refusal as refusal:
            refusal.of_one_case()
            return journey(*told, **how)

    return look
