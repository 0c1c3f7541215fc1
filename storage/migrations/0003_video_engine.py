from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('reelgate', '0002_calls_and_money')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Music',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('script_id', fields.IntField(db_index=True)),
                ('title', fields.CharField(max_length=300)),
                ('file_path', fields.CharField(max_length=200)),
                ('sha256', fields.CharField(max_length=64)),
                ('duration_seconds', fields.FloatField()),
                ('byte_size', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'music', 'app': 'reelgate', 'pk_attr': 'id', 'table_description': 'music'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Speech',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('script_id', fields.IntField(db_index=True)),
                ('text_sha256', fields.CharField(max_length=64)),
                ('voice_sha256', fields.CharField(max_length=64)),
                ('voice', fields.CharField(max_length=300)),
                ('job_id', fields.IntField()),
                ('file_path', fields.CharField(max_length=200)),
                ('sha256', fields.CharField(max_length=64)),
                ('duration_seconds', fields.FloatField()),
                ('byte_size', fields.BigIntField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'speech', 'app': 'reelgate', 'unique_together': (('script_id', 'text_sha256', 'voice_sha256'),), 'pk_attr': 'id', 'table_description': 'speech'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='ProviderCall',
            name='characters',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Video',
            name='files',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='Video',
            name='spec',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
