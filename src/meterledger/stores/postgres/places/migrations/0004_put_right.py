"""Facts of agreements that were entered wrong and put right; 0004_put_right.sql keeps them."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("places", "0003_taxes")]

    operations = [
        migrations.CreateModel(
            name="AgreementPutRight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agreement_id", models.TextField()),
                ("fact", models.TextField()),
                ("was", models.TextField()),
                ("is_now", models.TextField()),
                ("author", models.TextField()),
                ("reason", models.TextField()),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={
                "db_table": "agreement_put_right",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement_id", "fact", "learned_at"),
                        name="a_fact_is_put_right_once_at_an_instant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fact__in", ["schedule", "first_day", "cycle"])),
                        name="facts_that_are_put_right",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fact", "cycle"), _negated=True),
                            ("is_now__regex", "^[1-9][0-9]{0,3}$"),
                            _connector="OR",
                        ),
                        name="a_cycle_is_a_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("was", models.F("is_now")), _negated=True),
                        name="what_is_put_right_was_another",
                    ),
                ],
            },
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
