"""The commands as a person meets them: help, mistakes, and the parts that run for long."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.running import clean_environment, until
from tests.workflows.terminal import CTRL_C, REELGATE, Background, Terminal, nothing_left, run

pytestmark = pytest.mark.stories

COMMANDS = ("serve", "api", "worker", "migrate", "schema", "produce")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    return clean_environment(REELGATE_DATA_DIR=str(data_dir))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text("One. Two.")
    return path


def test_help_and_version(environment: dict[str, str]) -> None:
    told = run(environment, "--help")
    assert told.returncode == 0
    assert all(command in told.stdout for command in COMMANDS)
    assert re.search(r"2 +wrong usage; nothing was started", told.stdout)
    told = run(environment, "produce", "-h")
    for code in ("0", "1", "2", "3", "130"):
        assert re.search(rf"^ {code} +\w", told.stdout, re.MULTILINE), code
    assert re.fullmatch(r"reelgate \d+\.\d+\.\d+\n", run(environment, "--version").stdout)
    assert "type Query {" in run(environment, "schema").stdout


def test_mistakes_of_the_command_line_start_nothing(
    environment: dict[str, str], data_dir: Path, script: Path, tmp_path: Path
) -> None:
    """Each is said in one line that names what to change, with exit code 2."""
    (tmp_path / "latin.txt").write_bytes("Süß".encode("latin-1"))
    (tmp_path / "empty.txt").write_bytes(b"\xef\xbb\xbf \r\n")
    (tmp_path / "file").write_text("")
    automatic = ("--auto-approve", "-o", tmp_path / "x.mp4")
    mistakes: list[tuple[list[str | Path], str]] = [
        (["produce"], "Name a script file, or an earlier script with --script; one of the two."),
        (
            ["produce", script, "--script", "1"],
            "Name a script file, or an earlier script with --script; one of the two.",
        ),
        (["produce", "--script", "1", "--title", "x", *automatic], "--title is for a new script"),
        (["produce", script], "There is nobody to ask: standard input is not a terminal. Add --auto-approve"),
        (["produce", tmp_path / "nothing.txt", *automatic], "nothing.txt cannot be read: No such file or directory."),
        (["produce", tmp_path, *automatic], "cannot be read: Is a directory."),
        (["produce", tmp_path / "latin.txt", *automatic], "latin.txt is not UTF-8 text (byte 2 cannot be read)."),
        (["produce", tmp_path / "empty.txt", *automatic], "empty.txt is empty."),
        (["produce", "-", *automatic], "Standard input is empty."),
        (["produce", script, "--auto-approve", "-o", tmp_path], "is a folder; name the MP4 file to write."),
        (["produce", script, "--auto-approve", "-o", "-"], "The video is not written to standard output"),
        (["produce", script, "--auto-approve", "-o", tmp_path / "file" / "x.mp4"], "x.mp4 cannot be written: "),
        (["produce", script, *automatic, "--server", "localhost:8000"], "Did you mean http://localhost:8000?"),
        (["produce", script, *automatic, "--bogus"], "No such option: --bogus"),
        (["produce", "--script", "0", *automatic], "greater than or equal to 1"),
    ]
    for words, complaint in mistakes:
        answer = run(environment, *words)
        assert (answer.returncode, answer.stdout) == (2, ""), (words, answer.stderr)
        assert complaint in answer.stderr, (words, answer.stderr)
        assert "Traceback" not in answer.stderr
    assert not data_dir.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.txt", "file", "latin.txt", "script.txt"]


def test_a_named_server_that_is_not_there_or_is_something_else(
    environment: dict[str, str], script: Path, tmp_path: Path, data_dir: Path
) -> None:
    words = ("produce", script, "--auto-approve", "-o", tmp_path / "x.mp4", "--server")
    answer = run(environment, *words, "http://127.0.0.1:1")
    assert answer.returncode == 1
    assert answer.stderr == "reelgate: No server answers at http://127.0.0.1:1: [Errno 111] Connection refused.\n"
    assert not data_dir.exists()


def test_a_server_that_cannot_start_says_why(environment: dict[str, str], script: Path, tmp_path: Path) -> None:
    words = ("produce", script, "--auto-approve", "-o", tmp_path / "x.mp4")
    answer = run({**environment, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, *words)
    assert answer.returncode == 1
    assert "reelgate: The server cannot be run. The database cannot be reached: " in answer.stderr
    assert "Its log is" in answer.stderr
    unusable = run({**environment, "REELGATE_VIDEO_FPS": "many"}, *words)
    assert unusable.returncode == 1
    assert "REELGATE_VIDEO_FPS is 'many': should be a whole number from 1 to 120" in unusable.stderr


def test_serve_on_a_terminal(environment: dict[str, str], data_dir: Path) -> None:
    odd = {**environment, "REELGATE_VIDEO_SIZ": "160x90", "REELGATE_LOG_FORMAT": "auto"}
    with Terminal(odd, "serve", "--port", "0", columns=200) as person:
        person.expect("REELGATE_VIDEO_SIZ (did you mean REELGATE_VIDEO_SIZE?)")
        person.expect("running")
        url = until(lambda: re.search(r"Reelgate is running at (http://\S+)", person.output))[1]
        assert httpx.get(f"{url}/readyz").is_success
        assert "Ctrl-C stops it." in person.output
        taken = run(environment, "serve", "--port", url.rsplit(":", 1)[1])
        assert taken.returncode == 1
        assert f"reelgate: Another Reelgate server runs on the data folder {data_dir} at {url}." in taken.stderr
        person.press(CTRL_C)
        assert person.ended(15) == 0
    assert nothing_left(data_dir)


def test_serve_is_not_for_other_machines_yet(environment: dict[str, str]) -> None:
    refused = run(environment, "serve", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 1
    assert "has no authentication yet" in refused.stderr
    assert "--insecure" in refused.stderr


def test_a_port_that_is_taken(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for command in ("serve", "api"):
            taken = run({**environment, "REDIS_URL": "redis://127.0.0.1:1"}, command, "--port", str(port))
            assert taken.returncode == 1
            assert f"reelgate: Port {port} on 127.0.0.1 is taken by another program." in taken.stderr


def test_the_parts_alone(environment: dict[str, str], tmp_path: Path) -> None:
    """Without Redis or a migrated database they say what is missing; with them they run until told to stop."""
    for part in ("api", "worker"):
        port = ("--port", "0") if part == "api" else ()
        missing = run(environment, part, *port)
        assert (missing.returncode, missing.stdout) == (1, "")
        assert missing.stderr.startswith("reelgate: REDIS_URL is not set.")
        unmigrated = run({**environment, "REDIS_URL": "redis://127.0.0.1:1"}, part, *port)
        assert unmigrated.returncode == 1
        assert "Run `reelgate migrate`." in unmigrated.stderr
    first = run(environment, "migrate")
    assert first.returncode == 0
    assert first.stdout.startswith("applied 0001_initial\n")
    assert run(environment, "migrate").stdout == "the database is up to date\n"
    away = {**environment, "REDIS_URL": "redis://127.0.0.1:1"}
    with (
        Background(away, tmp_path / "api", "api", "--port", "0") as api,
        Background(away, tmp_path / "worker", "worker") as worker,
    ):
        api.expect("Reelgate's API is running at http://127.0.0.1:")
        worker.expect("worker ready")
        api.signal(signal.SIGTERM)
        worker.signal(signal.SIGTERM)
        assert api.ended(15) in (0, -signal.SIGTERM)
        assert worker.ended(15) == 0


def test_output_that_nobody_reads(environment: dict[str, str]) -> None:
    with subprocess.Popen(
        [*REELGATE, "schema"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert "Exception" not in said
