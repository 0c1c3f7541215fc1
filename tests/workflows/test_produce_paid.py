"""`reelgate produce` where narration is paid for: the cost is said before, and a lost answer is no dead end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.providers.double import Behaviour, Closes, Endpoint, in_turn
from tests.running import SCRIPT, TINY, clean_environment, until
from tests.workflows.paid import KEY, SPEECH, SPOKEN, a_double, entries
from tests.workflows.terminal import nothing_left, run
from tests.workflows.test_produce import way_on

pytestmark = pytest.mark.stories


def test_narration_is_announced_and_goes_on_after_a_lost_answer(tmp_path: Path) -> None:
    script, output, data_dir = tmp_path / "script.txt", tmp_path / "film.mp4", tmp_path / "data"
    script.write_text(SCRIPT)
    with a_double(tmp_path) as double:
        paid = {**SPOKEN, "OPENAI_BASE_URL": double.url, "OPENAI_API_KEY": KEY, "REELGATE_DATA_DIR": str(data_dir)}
        environment = clean_environment(**{**TINY, **paid})
        double.script(in_turn(Behaviour(closes=Closes.MIDWAY), endpoint=Endpoint.SPEECH))
        parked = run(environment, "produce", script, "--auto-approve", "-o", output)
        assert parked.returncode == 1, parked.stderr
        assert re.search(r"The narration takes 3 paid calls: at most 0\.0\d+ USD\.", parked.stderr)
        assert "The video cannot go on: Narration of scene " in parked.stderr
        assert len(entries(double, SPEECH)) == 3

        made = run(environment, *way_on(parked.stderr))
        assert made.returncode == 0, made.stderr
        assert len([entry for entry in entries(double, SPEECH) if entry.charged]) == 4
        assert output.is_file()
        silent = run(environment, *way_on(parked.stderr), "--narration", "off")
        assert silent.returncode == 0, silent.stderr
        assert "The narration takes" not in silent.stderr
        assert len(entries(double, SPEECH)) == 4
    until(lambda: nothing_left(data_dir), 20, "the end of the server that was started for the purpose")
