"""Whom the rule of a protocol held, kept as it was found."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from judging.guards import reverse_statements, statements

TABLES = ("judging_raterfinding",)


def guard(apps, schema_editor):
    if settings.LEDGER_GUARDED:
        for statement in statements(schema_editor.connection.vendor, TABLES):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in reverse_statements(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)



class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_avoided_tags'),
        ('judging', '0009_blinding_guesses'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RaterFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checks', models.JSONField(help_text='The names of the checks that found something.')),
                ('scores', models.JSONField(help_text='Of every check, in standard deviations.')),
                ('votes', models.PositiveIntegerField()),
                ('judgments', models.PositiveIntegerField()),
                ('code', models.CharField(help_text="SHA-256 of the detectors' code.", max_length=64)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rater', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='accounts.raterprofile')),
                ('study_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='judging.studyversion')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
