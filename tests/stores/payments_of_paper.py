"""A row in every table of payments: a file with a refused line, a receipt that was applied."""

from __future__ import annotations

from typing import Any

from tests.stores.test_promises_of_payments import TestAFile, posted, receipt_of, unapplied


def keep_payments(store: Any) -> None:
    """A file of two payments, one applied and one that waits; a line of it cannot be read."""
    of_file = {"file_sha256": "a" * 64, "line": 2}
    one = posted(receipt_of("R-file", **of_file), item="bill:B-paper")
    of_file["line"] = 3
    two = unapplied(receipt_of("R-waits", account_told="nobody", cents=2_500, **of_file))
    store.post_receipts([one, two], file=TestAFile.FILE)
