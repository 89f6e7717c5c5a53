"""A bill on autopay may ask a person more than once: what was drawn may be dropped again."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# The questions and answers that there are are the first of their bills.
NUMBERED = """
ALTER TABLE autopay_question DROP CONSTRAINT autopay_question_pkey CASCADE;
ALTER TABLE autopay_answer DROP CONSTRAINT autopay_answer_pkey;
ALTER TABLE autopay_question ADD COLUMN number smallint NOT NULL DEFAULT 1,
    ADD PRIMARY KEY (bill_id, number),
    ADD CONSTRAINT questions_count_from_one CHECK (number > 0);
ALTER TABLE autopay_answer ADD COLUMN number smallint NOT NULL DEFAULT 1,
    ADD PRIMARY KEY (bill_id, number),
    ADD CONSTRAINT an_answer_is_of_a_question FOREIGN KEY (bill_id, number)
        REFERENCES autopay_question (bill_id, number);
ALTER TABLE autopay_question ALTER COLUMN number DROP DEFAULT;
ALTER TABLE autopay_answer ALTER COLUMN number DROP DEFAULT;
SELECT drop_like_indexes();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("payment_channels", "0004_bank_account_versions"),
        ("places", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(NUMBERED)],
            state_operations=[
                migrations.DeleteModel(name="AutopayAnswer"),
                migrations.DeleteModel(name="AutopayQuestion"),
                migrations.CreateModel(
                    name="AutopayQuestion",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey("bill_id", "number", serialize=False),
                        ),
                        ("bill_id", models.TextField()),
                        ("number", models.SmallIntegerField()),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="places.account"
                            ),
                        ),
                        ("on_day", models.DateField()),
                        ("cents", models.BigIntegerField()),
                        (
                            "reasons",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), size=None
                            ),
                        ),
                        ("learned_at", models.DateTimeField()),
                    ],
                    options={"db_table": "autopay_question"},
                ),
                migrations.CreateModel(
                    name="AutopayAnswer",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey("bill_id", "number", serialize=False),
                        ),
                        ("bill_id", models.TextField()),
                        ("number", models.SmallIntegerField()),
                        ("is_drawn", models.BooleanField()),
                        ("by", models.TextField()),
                        ("reason", models.TextField()),
                        ("learned_at", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "autopay_answer",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("by", ""), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                ),
                                name="a_question_is_answered_by_a_name",
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
