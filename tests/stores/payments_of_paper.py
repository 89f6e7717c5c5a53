"""A row in every table of payments: a file with a refused line, a receipt that was applied."""

from __future__ import annotations

from typing import Any

from tests.stores.test_promises_of_payments import TestAFile, posted, receipt_of


def keep_payments(store: Any) -> None:
    """A file of one receipt, of which all is applied; and a line of it that cannot be read."""
    of_file = {"file_sha256": "a" * 64, "line": 2}
    one = posted(receipt_of("R-file", cents=7_500, **of_file), item="bill:B-paper")
    store.post_receipts([one], file=TestAFile.FILE)
