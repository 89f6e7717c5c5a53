"""An election that has had no effect yet is taken back; the row of it stays."""

import django.db.models.deletion
from django.db import migrations, models

KEPT = """
SELECT keep_append_only('budget_election_back'), keep_personal('budget_election_back');
SELECT drop_like_indexes();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing_options", "0001_initial"),
        ("places", "0002_exchanged_inside_a_day"),
        ("record", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BudgetElectionBack",
            fields=[
                (
                    "election",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="billing_options.budgetelection",
                    ),
                ),
                ("learned_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="places.account"
                    ),
                ),
            ],
            options={"db_table": "budget_election_back"},
        ),
        migrations.RunSQL(KEPT),
    ]
