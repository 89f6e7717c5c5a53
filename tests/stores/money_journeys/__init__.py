"""Every journey that moves money, each with a small town: one table for all who disturb them."""

from tests.stores.money_journeys import (
    arrears,
    bank,
    billed,
    cards,
    channels,
    chosen,
    extended,
    joined,
    payments,
    relieved,
    settled,
    together,
)
from tests.stores.money_journeys.journey import JOURNEYS, Journey

__all__ = ["JOURNEYS", "Journey"]

PARTS = (
    *(payments, channels, arrears, settled, extended, bank, billed, cards, together),
    *(relieved, chosen, joined),
)
"""Read for what they add to the list."""
