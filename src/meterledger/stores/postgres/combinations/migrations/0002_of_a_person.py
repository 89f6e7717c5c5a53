"""A combination is of a person, by id; one that began before ids were asked for has none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("combinations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="combination",
            name="person_id",
            field=models.TextField(db_default="", default=""),
        ),
    ]
