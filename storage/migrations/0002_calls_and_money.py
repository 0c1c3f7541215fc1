from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('reelgate', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ProviderCall',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('job_id', fields.IntField(db_index=True)),
                ('script_id', fields.IntField(db_index=True)),
                ('fence', fields.IntField()),
                ('role', fields.CharField(max_length=16)),
                ('model', fields.CharField(max_length=200)),
                ('request_sha256', fields.CharField(max_length=64)),
                ('state', fields.CharField(max_length=16)),
                ('estimate_nano', fields.BigIntField(null=True)),
                ('cost_nano', fields.BigIntField(null=True)),
                ('input_tokens', fields.IntField(null=True)),
                ('cached_input_tokens', fields.IntField(null=True)),
                ('output_tokens', fields.IntField(null=True)),
                ('images', fields.IntField(null=True)),
                ('request_id', fields.CharField(null=True, max_length=200)),
                ('answer_key', fields.CharField(null=True, max_length=200)),
                ('sent_at_ms', fields.BigIntField()),
                ('latency_ms', fields.IntField(null=True)),
                ('sent_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'provider_call', 'app': 'reelgate', 'indexes': [Index(fields=['role', 'sent_at_ms'])], 'pk_attr': 'id', 'table_description': 'provider_call'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ProviderPause',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('role', fields.CharField(unique=True, max_length=16)),
                ('code', fields.CharField(max_length=32)),
                ('message', fields.TextField(unique=False)),
                ('pauses', fields.IntField()),
                ('until_ms', fields.BigIntField()),
                ('settings_sha256', fields.CharField(max_length=64)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'provider_pause', 'app': 'reelgate', 'pk_attr': 'id', 'table_description': 'provider_pause'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Image',
            name='job_id',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Script',
            name='budget_nano',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Script',
            name='style',
            field=fields.TextField(null=True, unique=False),
        ),
    ]
