"""`reelgate produce`, from a text to an MP4: by itself, with a person at the terminal, interrupted, and failing."""

from __future__ import annotations

import re
import shlex
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.running import SCRIPT, TINY, RunningSystem, clean_environment, running_system, until
from tests.workflows.terminal import CTRL_C, CTRL_D, Background, Terminal, nothing_left, processes_of, run

pytestmark = pytest.mark.stories

THOUSAND_WORDS = Path(__file__).parents[1] / "data" / "little_match_seller.txt"
FRAMES_PER_SCENE = round(float(TINY["REELGATE_SCENE_SECONDS"]) * int(TINY["REELGATE_VIDEO_FPS"]))
CHAPTERS = "\n\n".join(
    f"Chapter {number}. The traveller reaches the {place} before nightfall, tired and wet from the long road. "
    "Nobody is there to meet him, and so he walks on until the lamps are lit and the bells have stopped."
    for number, place in enumerate(("harbour", "forest", "desert", "city", "lake", "mountain", "village", "coast"), 1)
)
SCRIPT_QUESTION = "approve, quit? "
SCENE_QUESTION = "approve, edit, all, quit? "
IMAGE_QUESTION = "approve, reject, all, quit? "


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Of a system that only the command itself starts; nothing may be left of it."""
    folder = tmp_path / "data"
    yield folder
    until(lambda: nothing_left(folder), 20, "the end of the server that was started for the purpose")


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    return clean_environment(**TINY, REELGATE_DATA_DIR=str(data_dir))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def chapters(tmp_path: Path) -> Path:
    path = tmp_path / "chapters.txt"
    path.write_text(CHAPTERS)
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "film.mp4"


def frames_of(path: Path) -> int:
    """How many frames it has; each of them decodes."""
    with av.open(str(path)) as container:
        assert container.duration is not None
        count = sum(1 for _ in container.decode(video=0))
        assert container.duration / av.time_base == pytest.approx(count / int(TINY["REELGATE_VIDEO_FPS"]), abs=0.1)
    return count


def way_on(said: str) -> list[str]:
    """The words of the command that goes on, as it was shown."""
    _, _, line = said.partition("Go on with:\n")
    words = shlex.split(line.splitlines()[0])
    return words[words.index("produce") :]


def stored(data_dir: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(data_dir / "reelgate.sqlite3") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_a_thousand_words_become_an_mp4(environment: dict[str, str], data_dir: Path, output: Path) -> None:
    made = run(environment, "produce", THOUSAND_WORDS, "--auto-approve", "-o", output)
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{output}\n"
    scenes = int(re.findall(r"Images 100%: (\d+) of \1 approved", made.stderr)[-1])
    assert 10 <= scenes <= 100
    assert frames_of(output) == scenes * FRAMES_PER_SCENE
    assert [path.name for path in output.parent.iterdir()] == ["film.mp4"]
    assert "\x1b" not in made.stderr
    assert nothing_left(data_dir)
    # The words are all there.
    pieces = stored(data_dir, 'SELECT text || gap FROM scene ORDER BY "order"')
    assert "".join(str(piece) for (piece,) in pieces) == THOUSAND_WORDS.read_text()


def test_a_person_decides_at_each_gate(tmp_path: Path, chapters: Path, output: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/nightfall/dawn/" "$1"\n')
    editor.chmod(0o755)
    with running_system(tmp_path, "embedded", EDITOR=str(editor)) as system:
        with Terminal(system.environment, "produce", chapters, "-o", output, "--title", "A road") as person:
            person.expect("A road")
            person.answer("perhaps", SCRIPT_QUESTION)
            person.expect("Please answer with approve or quit.")
            person.answer("a", SCRIPT_QUESTION)
            person.answer("e", SCENE_QUESTION)
            person.expect("dawn")
            person.answer("a", SCENE_QUESTION)
            person.answer("", SCENE_QUESTION)  # Enter alone approves nothing
            person.expect("Please answer")
            person.answer("all", SCENE_QUESTION)
            person.expect(system.url + "/media/images/")
            person.answer("r make it darker", IMAGE_QUESTION)
            person.answer("reject", IMAGE_QUESTION)
            person.answer("", "Enter: just another one) ")
            person.answer("all", IMAGE_QUESTION)
            assert person.ended() == 0, person.screen
            assert person.output == f"{output}\n"
        script = system.graphql(
            """{ script(id: "script_1") {
                title scenes { text status images { status lastDecision { feedback } } }
            } }"""
        )["script"]
        assert_declined_with_a_reason(system, tmp_path)
        assert system.healthy(), "a server that was there before stays"
    assert script["title"] == "A road"
    assert "before dawn" in script["scenes"][0]["text"]
    rejected = [i for scene in script["scenes"] for i in scene["images"] if i["status"] == "REJECTED"]
    assert [image["lastDecision"]["feedback"] for image in rejected] == ["make it darker", None]
    assert frames_of(output) == len(script["scenes"]) * FRAMES_PER_SCENE


def assert_declined_with_a_reason(system: RunningSystem, tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("Word after word. " * 20_000)
    automatic = ("--auto-approve", "-o", tmp_path / "x.mp4")
    declined = run(system.environment, "produce", long, *automatic)
    assert declined.returncode == 1
    assert "340000 characters; at most 300000 are accepted" in declined.stderr
    unknown = run(system.environment, "produce", "--script", "99", *automatic)
    assert unknown.returncode == 1
    assert f"reelgate: The server at {system.url} has no script_99." in unknown.stderr


def test_stopping_at_a_gate_and_going_on(
    environment: dict[str, str], data_dir: Path, script: Path, output: Path
) -> None:
    with Terminal(environment, "produce", script, "-o", output) as person:
        person.answer("q", SCRIPT_QUESTION)
        assert person.ended() == 3
        words = way_on(person.screen)
    assert words == ["produce", "--script", "1", "-o", str(output)]
    until(lambda: nothing_left(data_dir), 20)
    with Terminal(environment, *words) as person:
        person.answer("approve", SCRIPT_QUESTION)
        person.expect(SCENE_QUESTION)
        person.press(CTRL_C)
        assert person.ended() == 130
        assert "Interrupted; nothing is lost." in person.screen
        assert way_on(person.screen) == words
        assert person.output == ""
    with Terminal(environment, *words) as person:
        person.expect(SCENE_QUESTION)
        person.press(CTRL_D)
        assert person.ended() == 3
    assert run(environment, *words, "--auto-approve").returncode == 0
    assert frames_of(output) % FRAMES_PER_SCENE == 0


@pytest.mark.slow
def test_interrupted_at_any_moment_it_goes_on(
    environment: dict[str, str], data_dir: Path, chapters: Path, output: Path, tmp_path: Path
) -> None:
    """By Ctrl-C, SIGTERM and SIGKILL: while the server starts, while images are made, while the video is."""
    log = tmp_path / "said"
    with Background(environment, log, "produce", chapters, "--auto-approve", "-o", output) as produce:
        until(lambda: processes_of(data_dir)[1:], what="the start of a server")
        produce.signal(signal.SIGINT)
        assert produce.ended() == 130
        assert "Interrupted before anything was stored." in produce.said
    until(lambda: nothing_left(data_dir), 20, "the end of the server")
    slow = {**environment, "REELGATE_IMAGE_SIZE": "1280x720"}
    with Background(slow, log, "produce", chapters, "--auto-approve", "-o", output) as produce:
        produce.expect("Images 0%")
        produce.signal(signal.SIGINT)
        produce.expect("Go on with:\n  ")
        produce.signal(signal.SIGINT)  # an impatient person
        assert produce.ended() == 130
        words = way_on(produce.said)
    assert words == ["produce", "--script", "1", "-o", str(output), "--auto-approve"]
    until(lambda: nothing_left(data_dir), 20, "the end of the server")
    with Background(slow, log, *words) as produce:
        produce.expect("Images ")
        produce.signal(signal.SIGKILL)
        produce.ended()
    until(lambda: nothing_left(data_dir), 20, "the end of the server of a killed command")
    long = {**environment, "REELGATE_VIDEO_SIZE": "1920x1080", "REELGATE_MOTION": "ken_burns"}
    with Background(long, log, *words) as produce:
        produce.expect("Video")
        produce.signal(signal.SIGTERM)
        assert produce.ended() == 130
        assert way_on(produce.said) == words
    made = run(environment, *words)
    assert made.returncode == 0, made.stderr
    ((images, scenes),) = stored(data_dir, "SELECT (SELECT count(*) FROM image), (SELECT count(*) FROM scene)")
    assert images == scenes
    assert frames_of(output) == int(str(scenes)) * FRAMES_PER_SCENE
    assert [path.name for path in output.parent.iterdir()] == ["film.mp4"]


@pytest.mark.slow
def test_two_at_once_on_one_data_folder(
    environment: dict[str, str], data_dir: Path, script: Path, chapters: Path, tmp_path: Path
) -> None:
    """The second one uses the server of the first, and goes on with one of its own when that is gone."""
    slow = {**environment, "REELGATE_IMAGE_SIZE": "1280x720", "REELGATE_CONCURRENCY": "1"}
    first = Background(slow, tmp_path / "first", "produce", script, "--auto-approve", "-o", tmp_path / "first.mp4")
    with first:
        first.expect("Script 1 on ")
        second = Background(slow, tmp_path / "2", "produce", chapters, "--auto-approve", "-o", tmp_path / "second.mp4")
        with second:
            second.expect("Images 0%")
            urls = [re.findall(r"on (http\S+)", background.said) for background in (first, second)]
            assert urls[0] == urls[1]
            first.signal(signal.SIGINT)
            assert first.ended() in (0, 130)
            assert second.ended() == 0, second.said
            assert "The server does not answer" in second.said
    ((scenes,),) = stored(data_dir, "SELECT count(*) FROM scene WHERE script_id = 2")
    assert int(str(scenes)) > 1
    assert frames_of(tmp_path / "second.mp4") == int(str(scenes)) * FRAMES_PER_SCENE


def test_a_server_that_is_killed_and_comes_back_is_waited_for(tmp_path: Path, chapters: Path, output: Path) -> None:
    with running_system(tmp_path, "embedded", REELGATE_IMAGE_SIZE="640x360", REELGATE_CONCURRENCY="1") as system:
        elsewhere = clean_environment(REELGATE_DATA_DIR=str(tmp_path / "unused"))
        words = ("produce", chapters, "--auto-approve", "-o", output, "--server", system.url)
        with Background(elsewhere, tmp_path / "said", *words) as produce:
            produce.expect("Images 0%")
            system.kill("serve group")
            produce.expect("The server does not answer")
            system.start()
            assert produce.ended() == 0, produce.said
    assert frames_of(output) > 0
    assert not (tmp_path / "unused").exists()


def test_a_video_that_fails_says_why_and_how_to_go_on(
    environment: dict[str, str], data_dir: Path, script: Path, output: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'no such encoder' >&2\nexit 7\n")
    broken.chmod(0o755)
    failing = {**environment, "FFMPEG_BINARY": str(broken)}
    failed = run(failing, "produce", script, "--auto-approve", "-o", output)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "reelgate: The video could not be made: " in failed.stderr
    assert not output.exists()
    words = way_on(failed.stderr)
    made = run(environment, *words)
    assert made.returncode == 0, made.stderr
    assert frames_of(output) > 0
    # A video that is there and fits is not made again.
    first = output.read_bytes()
    output.unlink()
    assert run(environment, *words).returncode == 0
    assert output.read_bytes() == first
    assert stored(data_dir, "SELECT status, count(*) FROM video GROUP BY status ORDER BY status") == [
        ("approved", 1),
        ("rejected", 1),
    ]


def test_an_image_that_fails_at_first_is_said_and_waited_for(
    environment: dict[str, str], data_dir: Path, script: Path, output: Path, tmp_path: Path
) -> None:
    in_the_way = data_dir / "storage" / "images"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("not a folder")
    with Background(environment, tmp_path / "said", "produce", script, "--auto-approve", "-o", output) as produce:
        produce.expect("approved, trying again: ")
        in_the_way.unlink()
        assert produce.ended() == 0, produce.said


@pytest.mark.slow
def test_an_image_that_fails_for_good_says_why_and_is_tried_again_by_going_on(
    environment: dict[str, str], data_dir: Path, script: Path, output: Path
) -> None:
    in_the_way = data_dir / "storage" / "images"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("not a folder")
    failed = run(environment, "produce", script, "--auto-approve", "-o", output)
    assert failed.returncode == 1
    assert "reelgate: No image could be made of scene 1" in failed.stderr
    in_the_way.unlink()
    made = run(environment, *way_on(failed.stderr))
    assert made.returncode == 0, made.stderr
