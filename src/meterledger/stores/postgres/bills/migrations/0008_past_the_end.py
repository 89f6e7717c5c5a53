"""Bills past the end of service leave nothing; 0008_past_the_end.sql holds it."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bills", "0007_first_day_put_right")]

    operations = [
        migrations.AddField(
            "billcorrection", "leaves_nothing", models.BooleanField(db_default=False)
        ),
        migrations.AlterField("billcorrection", "corrected_bill", models.TextField(db_index=True)),
        migrations.AddConstraint(
            "billcorrection",
            models.UniqueConstraint(
                fields=["corrected_bill"],
                condition=models.Q(leaves_nothing=False),
                name="corrects_one_bill",
            ),
        ),
        migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")),
    ]
