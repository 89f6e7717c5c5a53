"""What one person keeps back is decided by nobody else first, by whatever way it is written."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors
from tests.stores.paper_town import LATER, held_of, month_of

from meterledger.facts.held import SeenHold
from meterledger.stores.postgres import PostgresStore

pytestmark = pytest.mark.postgres

STEP = (
    "INSERT INTO held_step (case_id, number, act, on_day, by, reason, code, sentence, findings,"
    " bill_id, learned_at) SELECT case_id, max(number) + 1, %s, '2025-01-31', 'Ana', 'why', '', '',"
    " '[]', '', now() FROM held_step GROUP BY case_id"
)


def test_an_excluded_case_is_reopened_before_it_is_decided(
    postgres: PostgresStore, application: psycopg.Connection[Any]
) -> None:
    postgres.see_held([SeenHold(held_of(1))], on=month_of(0).until_day, learned_at=LATER)
    application.execute(
        "SELECT set_config('meterledger.viewer', 'a test', false),"
        " set_config('meterledger.purpose', 'to test', false)"
    )
    assert application.execute(STEP, ["excluded"]).rowcount == 1
    application.commit()

    for act in ("released", "approved", "excluded"):
        with pytest.raises(errors.CheckViolation, match="is excluded, and nobody has reopened it"):
            application.execute(STEP, [act])
        application.rollback()

    for act in ("reopened", "released"):
        assert application.execute(STEP, [act]).rowcount == 1
