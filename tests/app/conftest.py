"""No test of this folder sees the settings of whoever runs it."""

import os
from pathlib import Path

import pytest

from app.settings import Settings, setting_name


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings, in an empty folder."""
    ours = {setting_name(field) for field in Settings.model_fields}
    for name in os.environ:
        if name in ours or name.startswith("REELGATE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
