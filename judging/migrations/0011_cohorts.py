"""Cohorts of raters, and places that are kept for them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from judging.guards import reverse_statements, statements

TABLES = ("judging_cohortmembership",)


def guard(apps, schema_editor):
    if settings.LEDGER_GUARDED:
        for statement in statements(schema_editor.connection.vendor, TABLES):
            schema_editor.execute(statement, params=None)


def unguard(apps, schema_editor):
    for statement in reverse_statements(schema_editor.connection.vendor, TABLES):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_invitation_cohorts'),
        ('judging', '0010_rater_findings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='cohort',
            field=models.CharField(blank=True, db_default='', default='', help_text="The rater's cohort when it was issued.", max_length=40),
        ),
        migrations.AddField(
            model_name='assignment',
            name='kept_for',
            field=models.CharField(blank=True, db_default='', default='', help_text='For which group the place was kept that it takes; empty: for anybody.', max_length=40),
        ),
        migrations.AddField(
            model_name='studyversion',
            name='judgeable_by_group',
            field=models.JSONField(db_default={}, default=dict, help_text='What only some groups can judge beside it, as built: the groups, with spaces between -> language -> how many comparisons.'),
        ),
        migrations.CreateModel(
            name='CohortMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cohort', models.CharField(blank=True, help_text='Its key; empty: none.', max_length=40)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rater', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='accounts.raterprofile')),
                ('study', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='judging.study')),
            ],
            options={
                'indexes': [models.Index(fields=['study', 'rater', '-id'], name='cohort_membership_newest')],
            },
        ),
        migrations.CreateModel(
            name='KeptPlaces',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kept_for', models.CharField(max_length=40)),
                ('wanted', models.PositiveSmallIntegerField()),
                ('places', models.PositiveSmallIntegerField()),
                ('open_places', models.PositiveSmallIntegerField()),
                ('comparison', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='kept', to='judging.comparison')),
                ('pair', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='judging.modelpair')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('open_places__gt', 0)), fields=['pair', 'kept_for'], name='kept_open')],
                'constraints': [models.UniqueConstraint(fields=('comparison', 'kept_for'), name='kept_once_a_group'), models.CheckConstraint(condition=models.Q(('open_places__lte', models.F('places'))), name='kept_places'), models.CheckConstraint(condition=models.Q(('kept_for', ''), _negated=True), name='kept_for_somebody')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
