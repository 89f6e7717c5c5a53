"""A folder that files land in, taken once each.

Others may use ``LandingFolder``, and catch ``FolderUnusable`` and ``LabelUnreadable``.
"""

from meterledger.stores.landing.folder import (
    SETTLE_SECONDS,
    FolderUnusable,
    Label,
    LabelUnreadable,
    Landed,
    LandingFolder,
)

__all__ = [
    "SETTLE_SECONDS",
    "FolderUnusable",
    "Label",
    "LabelUnreadable",
    "Landed",
    "LandingFolder",
]
