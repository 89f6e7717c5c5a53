"""What the bank's lines come to and what of it is matched is kept, not added up again."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0003_matched_by_hand")]

    operations = [
        migrations.CreateModel(
            name="BankSum",
            fields=[
                ("side", models.TextField(primary_key=True, serialize=False)),
                ("cents", models.BigIntegerField()),
                ("pieces", models.BigIntegerField()),
            ],
            options={"db_table": "bank_sum"},
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
