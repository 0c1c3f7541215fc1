"""The supervisor: it starts, replaces what dies, ends cleanly, and dies without leaving anything."""

import os
import re
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from app.data_folder import running_server
from app.embedded import BROKER_GRACE, GRACE
from tests.app.system import System, fetch, until

LINUX = sys.platform == "linux"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def assert_clean(system: System, socket_dir: Path) -> None:
    until(system.nothing_left)
    assert not system.folder.is_locked()
    assert not socket_dir.exists()
    assert sorted(path.name for path in system.folder.path.glob("*.json")) == []


def socket_dir_of(system: System) -> Path:
    found = system.folder.read_broker()
    assert found is not None
    return found


def test_says_where_it_runs_once_it_answers(data: Path) -> None:
    with System(data) as system:
        url = system.ready()
        assert fetch(f"{url}/healthz") == str(system.part("api.py").pid)
        until(lambda: "Reelgate is running at" in system.output())
        assert system.output().count(f"Reelgate is running at {url}") == 1
        assert system.folder.read_server()["pid"] == system.process.pid
        assert running_server(data) == url


def test_parts_are_told_the_private_broker(data: Path) -> None:
    with System(data) as system:
        system.ready()
        told = until(lambda: (data / "worker-redis").exists() and (data / "worker-redis").read_text())
        assert told == f"unix://{socket_dir_of(system)}/b.sock"


def test_a_given_redis_means_no_private_broker(data: Path) -> None:
    with System(data, REDIS_URL="redis://elsewhere:6379/3") as system:
        system.ready()
        told = until(lambda: (data / "worker-redis").exists() and (data / "worker-redis").read_text())
        assert told == "redis://elsewhere:6379/3"
        assert system.find("valkey") is None
        assert system.folder.read_broker() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_all_of_it(data: Path, number: signal.Signals) -> None:
    with System(data) as system:
        system.ready()
        socket_dir = socket_dir_of(system)
        assert len(system.family()) == 3
        system.process.send_signal(number)
        assert system.process.wait(timeout=30) == 0
        assert_clean(system, socket_dir)
        assert running_server(data) is None


def test_what_does_not_want_to_end_is_ended(data: Path) -> None:
    assert GRACE + BROKER_GRACE < 10
    with System(data, "worker=stubborn", "worker=orphan", "grace=1") as system:
        system.ready()
        until((data / "worker.pid").exists)
        system.part("sleep")
        socket_dir = socket_dir_of(system)
        asked = time.monotonic()
        system.process.terminate()
        assert system.process.wait(timeout=30) == 0
        assert 1 <= time.monotonic() - asked < 2.5
        assert_clean(system, socket_dir)


def test_a_second_ctrl_c_kills_at_once(data: Path) -> None:
    with System(data, "worker=stubborn") as system:
        system.ready()
        until((data / "worker.pid").exists)
        socket_dir = socket_dir_of(system)
        asked = time.monotonic()

        def ended() -> bool:
            system.process.send_signal(signal.SIGINT)
            return system.process.poll() is not None

        until(ended, seconds=5)
        assert system.process.returncode == 130
        assert time.monotonic() - asked < 5
        assert_clean(system, socket_dir)


def test_stopping_during_the_migration(data: Path) -> None:
    with System(data, "migrate=slow") as system:
        system.part("migrate.py")
        until(lambda: "migrating" in system.output())
        system.process.terminate()
        assert system.process.wait(timeout=5) == 0
        until(system.nothing_left)
        assert not system.folder.is_locked()


@pytest.mark.parametrize("word", ["api.py", "worker.py", "valkey"])
def test_a_killed_part_is_replaced(data: Path, word: str) -> None:
    with System(data) as system:
        url = system.ready()
        socket_path = socket_dir_of(system) / "b.sock"
        old = system.part(word)
        old.kill()
        system.replaced(word, old)
        if word == "api.py":
            assert fetch(url) not in ("", str(old.pid))  # waits on the port that was never lost
        if word == "valkey":
            until(lambda: ping(socket_path))
        assert system.process.poll() is None


def test_a_part_killed_again_and_again_is_still_replaced(data: Path) -> None:
    with System(data) as system:
        system.ready()
        for _ in range(5):
            old = system.part("worker.py")
            old.kill()
            system.replaced("worker.py", old)
        assert system.process.poll() is None


def test_the_group_of_a_killed_part_goes_with_it(data: Path) -> None:
    with System(data, "worker=orphan") as system:
        system.ready()
        old, orphan = system.part("worker.py"), system.part("sleep")
        old.kill()
        until(lambda: not psutil.pid_exists(orphan.pid))


@pytest.mark.parametrize("tie", [pytest.param("tied", marks=pytest.mark.skipif(not LINUX, reason="Linux")), "untied"])
def test_nothing_survives_a_killed_supervisor_and_the_next_start_works_at_once(data: Path, tie: str) -> None:
    with System(data, tie) as first:
        first.ready()
        first.part("worker.py")
        port = free_port_of(first)
        socket_dir = socket_dir_of(first)
        first.process.kill()
        first.process.wait()
        assert running_server(data) is None
        with System(data, tie, port=port) as second:
            assert second.ready() == f"http://127.0.0.1:{port}"
            assert second.folder.read_server()["pid"] == second.process.pid
            assert not socket_dir.exists()
            until(first.nothing_left)


def test_everything_killed_at_once(data: Path) -> None:
    with System(data) as first:
        first.ready()
        for process in [psutil.Process(first.process.pid), *first.family()]:
            with suppress(psutil.NoSuchProcess):  # it went with its parent
                process.kill()
        first.process.wait()
        with System(data) as second:
            second.ready()
            until(first.nothing_left)


def test_a_server_started_by_another_command_ends_with_it(data: Path) -> None:
    reading, writing = os.pipe()
    with System(data, lifeline=reading) as system:
        os.close(reading)
        system.ready()
        socket_dir = socket_dir_of(system)
        os.close(writing)
        assert system.process.wait(timeout=30) == 0
        assert_clean(system, socket_dir)


def test_a_frozen_part_dies_with_the_supervisor(data: Path) -> None:
    if not LINUX:
        pytest.skip("only Linux can end a process that does not run")
    with System(data) as system:
        system.ready()
        system.part("worker.py").suspend()
        system.process.kill()
        until(system.nothing_left)


def test_a_part_that_keeps_failing_ends_everything_with_its_reason(data: Path) -> None:
    with System(data, "worker=crash") as system:
        assert system.process.wait(timeout=15) == 1
        assert "The worker ended 4 times in a row (exit code 3)" in system.output()
        assert "    worker: the spoon is missing" in system.output()
        assert "Traceback" not in system.output()
        until(system.nothing_left)
        assert not system.folder.is_locked()


def test_an_api_that_never_comes_up_ends_everything(data: Path) -> None:
    with System(data, "api=crash") as system:
        assert system.process.wait(timeout=15) == 1
        assert "The API ended 4 times in a row (exit code 3)" in system.output()
        assert system.folder.read_server() == {}


def test_a_failed_migration_is_shown(data: Path) -> None:
    with System(data, "migrate=fail") as system:
        assert system.process.wait(timeout=30) == 1
        assert "could not be brought up to date (exit code 2)" in system.output()
        assert "    migrate: table scripts is upside down" in system.output()
        until(system.nothing_left)


def test_a_taken_port_is_said(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with System(data, port=port) as system:
            assert system.process.wait(timeout=30) == 1
            assert f"Port {port} on 127.0.0.1 is taken" in system.output()
            assert "--port" in system.output()
            assert "Traceback" not in system.output()


def test_a_second_server_on_the_folder_is_refused_with_the_url_of_the_first(data: Path) -> None:
    with System(data) as first:
        url = first.ready()
        with System(data) as second:
            assert second.process.wait(timeout=30) == 1
            assert f"Another Reelgate server runs on the data folder {data} at {url}" in second.output()
        assert running_server(data) == url


def test_other_machines_are_refused_unless_asked_for(data: Path) -> None:
    with System(data, host="0.0.0.0") as refused:
        assert refused.process.wait(timeout=30) == 1
        assert "--insecure" in refused.output()
        assert not data.exists()
    with System(data, "insecure", host="0.0.0.0") as allowed:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", allowed.ready())


@pytest.mark.parametrize("name", ["with spaces", "Ünïcödé Ω", "/".join(["deep" * 20] * 4), "100% #1 ?x"])
def test_unusual_data_folders(tmp_path: Path, name: str) -> None:
    with System(tmp_path / name) as system:
        system.ready()
        system.process.terminate()
        assert system.process.wait(timeout=30) == 0


def test_a_data_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with System(tmp_path / "file" / "data") as system:
        assert system.process.wait(timeout=30) == 1
        assert "cannot be used" in system.output()


def test_nobody_reading_its_log_does_not_stop_it(data: Path) -> None:
    reading, writing = os.pipe()
    with System(data, "worker=chatty", log_to=writing) as system:
        os.close(writing)
        system.ready()
        until(lambda: psutil.Process(system.part("worker.py").pid).cpu_times().user > 0.2)
        system.process.terminate()
        assert system.process.wait(timeout=30) == 0
        until(system.nothing_left)
    os.close(reading)


def free_port_of(system: System) -> int:
    return int(system.folder.read_server()["url"].rsplit(":", 1)[1])


def ping(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def test_unknown_settings_are_mentioned_once(data: Path) -> None:
    with System(data, REELGATE_VIDEO_FSP="30") as system:
        system.ready()
        system.process.send_signal(signal.SIGTERM)
        system.process.wait(20)
        assert system.output().count("unknown settings ignored") == 1
