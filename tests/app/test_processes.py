"""The small parts that tie processes together: output, log sink, lifeline, data folder."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest

from app.children import Child, ChildSpec
from app.data_folder import DataFolder, running_server
from app.errors import StartError
from app.keeper import describe
from app.log_sink import LogSink


async def run(program: str) -> tuple[int, list[str], Child]:
    heard: list[str] = []
    spec = ChildSpec("thing", (sys.executable, "-c", program), dict(os.environ))
    child = await Child.start(spec, heard.append)
    return await asyncio.wait_for(child.wait(), 20), heard, child


async def test_output_is_handed_on_line_by_line() -> None:
    code, heard, child = await run("import sys; print('a'); print('b', file=sys.stderr); sys.stdout.write('c\\nd')")
    assert code == 0
    assert sorted(heard) == ["a\n", "b\n", "c\n", "d\n"]
    assert sorted(child.last_lines) == ["a", "b", "c", "d"]


async def test_only_the_end_of_much_output_is_kept() -> None:
    code, heard, child = await run("for n in range(20000): print('line', n)\nraise SystemExit(7)")
    assert code == 7
    assert len(heard) == 20_000
    assert child.last_lines == [f"line {n}" for n in range(19_980, 20_000)]


async def test_output_without_line_ends_does_not_pile_up() -> None:
    _, heard, _ = await run("import sys; sys.stdout.buffer.write(b'\\xff' + b'x' * 1_000_000)")
    assert sum(map(len, heard)) == 1_000_001 + len(heard)
    assert max(map(len, heard)) < 200_000
    assert heard[0][0] == "\ufffd"


async def test_a_grandchild_that_holds_the_output_is_not_waited_for() -> None:
    program = "import subprocess; p = subprocess.Popen(['sleep', '60'], start_new_session=True); print(p.pid)"
    code, heard, _ = await run(program)
    os.kill(int(heard[0]), 9)
    assert code == 0


@pytest.mark.parametrize("tied", [True, False])
async def test_a_program_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tied: bool) -> None:
    if tied and sys.platform != "linux":
        pytest.skip("Linux only")
    monkeypatch.setattr("app.children.ties_children", tied)
    spec = ChildSpec("thing", ("/nowhere/x",), {})
    if tied:
        child = await Child.start(spec, lambda line: None)
        assert await child.wait() == 1
        assert child.last_lines == ["/nowhere/x cannot be run: No such file or directory"]
    else:
        with pytest.raises(StartError, match="The thing cannot be started: /nowhere/x"):
            await Child.start(spec, lambda line: None)


def test_exit_codes_in_words() -> None:
    assert describe(3) == "exit code 3"
    assert describe(-9) == "killed by SIGKILL"


def test_a_child_whose_parent_died_before_it_could_ask() -> None:
    if sys.platform != "linux":
        pytest.skip("Linux only")
    launch = Path(__file__).parents[2] / "app" / "launch.py"
    answer = subprocess.run([sys.executable, "-I", "-S", launch, "1", "echo", "alive"], capture_output=True)
    assert (answer.returncode, answer.stdout) == (1, b"")


def test_the_sink_writes_all_of_it_in_order() -> None:
    stream = StringIO()
    sink = LogSink(stream)
    for number in range(1000):
        sink.write(f"{number}\n")
    sink.drain(10)
    assert stream.getvalue().split() == [str(number) for number in range(1000)]


def test_the_sink_never_blocks_and_says_what_it_dropped() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream, os.fdopen(reading, "rb") as reader:
        sink = LogSink(stream)
        for _ in range(20_000):
            sink.write("x" * 100 + "\n")
        sink.drain(0.05)
        pieces: list[bytes] = []
        listener = threading.Thread(target=lambda: pieces.extend(iter(lambda: os.read(reader.fileno(), 65_536), b"")))
        listener.start()
        sink.drain(10)
        stream.close()
        listener.join()
    assert b"log lines were dropped: nobody read them" in b"".join(pieces)


def test_the_sink_survives_a_reader_that_went_away() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        sink = LogSink(stream)
        sink.write("hello\n")
        sink.drain(10)


@pytest.mark.parametrize("ignores", [False, True])
def test_the_lifeline_ends_a_process(ignores: bool) -> None:
    program = (
        "import signal, time\nfrom app.lifeline import watch_lifeline\n"
        + ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if ignores else "")
        + "assert watch_lifeline()\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "REELGATE_LIFELINE_FD": str(reading)},
        pass_fds=[reading],
        stdout=subprocess.PIPE,
    )
    os.close(reading)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        assert process.poll() is None
        os.close(writing)
        assert process.wait(timeout=10) == (1 if ignores else -15)


def test_no_lifeline_where_a_person_started_it() -> None:
    program = "from app.lifeline import watch_lifeline; assert not watch_lifeline()"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_lock_is_one(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert not folder.is_locked()
    lock = folder.lock()
    assert folder.is_locked()
    folder.write_server("http://127.0.0.1:9")
    with pytest.raises(StartError, match=r"Another Reelgate server runs .* at http://127.0.0.1:9"):
        folder.lock()
    lock.release()
    assert not folder.is_locked()


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    with pytest.raises(StartError, match="cannot be used"):
        DataFolder(tmp_path).prepare()


def test_the_supervisor_is_light() -> None:
    heavy = ["tortoise", "strawberry", "fastapi", "PIL", "openai", "arq", "redis", "uvicorn", "numpy"]
    program = f"import sys, app.embedded; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_forgotten_server_file_is_not_believed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.prepare()
    with socket.create_server(("127.0.0.1", 0)) as other:
        folder.write_server(f"http://127.0.0.1:{other.getsockname()[1]}")
        assert running_server(tmp_path) is None
