"""What `reelgate produce` is told of a video: to the server, and in the command that goes on."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from app.cli import app
from app.produce import Order, again
from app.produce_look import Look
from domain.rendering import Aspect, Captions, Motion

LOOK = Look(
    aspect=Aspect.TALL, fps=24, motion=Motion.KEN_BURNS, captions=Captions.NONE, title_card=False, voice="Joe B",
    scene_seconds=2.5, music=Path("my tune.mp3"),
)  # fmt: skip


def test_the_server_is_told_what_was_said_and_nothing_else() -> None:
    assert Look().render_input(None) is None
    assert LOOK.render_input("music_5") == {
        "aspect": "TALL",
        "fps": 24,
        "motion": "KEN_BURNS",
        "captions": "NONE",
        "titleCard": False,
        "voice": "Joe B",
        "sceneSeconds": 2.5,
        "musicId": "music_5",
    }


def test_the_command_that_goes_on_says_the_same() -> None:
    order = Order(Path("story.txt"), Path("out.mp4"), None, True, None, None, LOOK)
    assert again(order, 7).endswith(
        "produce --script 7 -o out.mp4 --auto-approve --aspect 9:16 --fps 24 --motion ken_burns --captions none "
        "--no-title-card --voice 'Joe B' --scene-seconds 2.5 --music 'my tune.mp3'"
    )


def test_what_cannot_be_is_wrong_usage() -> None:
    for words in (["--aspect", "4:3"], ["--fps", "12"], ["--captions", "loud"]):
        assert CliRunner().invoke(app, ["produce", "x.txt", *words]).exit_code == 2


def test_music_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    script = tmp_path / "story.txt"
    script.write_text("A story.")
    words = [
        "produce",
        str(script),
        "--auto-approve",
        "-o",
        str(tmp_path / "o.mp4"),
        "--music",
        str(tmp_path / "no.mp3"),
    ]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert "cannot be read" in answer.stderr
