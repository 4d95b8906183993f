"""Invitations to a cohort of a study."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_avoided_tags'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='cohorts',
            field=models.JSONField(db_default={}, default=dict, help_text='Slug of a study -> key of the cohort that its raters belong to there.'),
        ),
    ]
