"""A document that went out late says until when its bill may be paid."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="document", name="due_day", field=models.DateField(null=True)
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                name="document_that_is_due_later",
                fields=["bill_id", "due_day"],
                condition=models.Q(due_day__isnull=False),
            ),
        ),
    ]
