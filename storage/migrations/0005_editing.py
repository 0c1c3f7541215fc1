from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('reelgate', '0004_pinned_words')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Scene',
            name='removed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Script',
            name='archived_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Image',
            index=Index(fields=['status', 'script_id']),
        ),
        ops.AddIndex(
            model_name='Scene',
            index=Index(fields=['status', 'script_id']),
        ),
    ]
