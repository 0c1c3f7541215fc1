from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('reelgate', '0003_video_engine')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Job',
            name='progress_seconds_left',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Video',
            name='words',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
