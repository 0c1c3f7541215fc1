"""What machines make for a script: scenes, prompts and pictures, behind the protocols of `domain.generation`.

Each provider takes a request of plain values and gives bytes or words back. Nothing here knows the database, the
media store or the settings; a provider that cannot do its work raises `domain.errors.WorkFailed`. Provider kits are
imported by the module that needs them, never by this package.
"""
