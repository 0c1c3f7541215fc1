"""One order: its frames from the cameras, mixed, overlaid, encoded into the file that was asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from video.frames.camera import Camera, Prepared, is_still, prepare
from video.frames.encoder import Encoder, arguments, held_arguments
from video.frames.failures import StorageFailed
from video.frames.holds import keyframes, runs_of, write_held
from video.frames.overlays import Layer
from video.frames.planes import Frame, crossfade, fade_to_black
from video.frames.stills import read_picture
from video.orders import SegmentKind, SegmentOrder, Shot

KEPT_BYTES = 200_000_000
KEPT_PICTURES = 4
OnFrame = Callable[[int], None]


class Studio:
    """Makes segments one after another, and keeps the last few pictures ready: a scene's transitions need them too."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Prepared] = OrderedDict()

    def make(self, order: SegmentOrder, output: Path, ffmpeg: str, on_frame: OnFrame = lambda frame: None) -> None:
        """Write the MP4 of an order. `on_frame` gets the number of frames handed over so far.

        Raises `SegmentFailed`; then something may be left at `output`.
        """
        try:
            layers = [Layer(overlay, order.width, order.height) for overlay in order.overlays]
            if order.kind is SegmentKind.BODY and is_still(order.shots[0]):
                self._hold(order, layers, output, ffmpeg)
                on_frame(order.frames)
                return
            command = arguments(order, f"file:{output.absolute()}", ffmpeg)
            with Encoder(command, output.with_name(f"{output.name}.log")) as encoder:
                for number, frame in enumerate(self.frames(order)):
                    write_overlaid(encoder, frame, layers, number)
                    on_frame(number + 1)
                encoder.finish()
        except OSError as error:
            raise StorageFailed(error) from None

    def _hold(self, order: SegmentOrder, layers: list[Layer], output: Path, ffmpeg: str) -> None:
        frame = self._cameras(order)[0].frame(0)
        runs = runs_of(order, layers)
        stream = output.with_name(f"{output.name}.h264")
        command = held_arguments(order, keyframes(runs), f"file:{stream.absolute()}", ffmpeg)
        try:
            with Encoder(command, output.with_name(f"{output.name}.log")) as encoder:
                for run in runs:
                    for number in range(run.first, run.first + run.coded):
                        write_overlaid(encoder, frame, layers, number)
                encoder.finish()
            write_held(stream.read_bytes(), runs, order, output)
        finally:
            with suppress(OSError):
                stream.unlink()

    def _cameras(self, order: SegmentOrder) -> list[Camera]:
        return [Camera(shot, self._prepared(order, shot), order.fps) for shot in order.shots]

    def frames(self, order: SegmentOrder) -> Iterator[Frame]:
        """Each frame in turn, without overlays; it is painted over by the next."""
        cameras = self._cameras(order)
        if order.kind is SegmentKind.BODY:
            return (cameras[0].frame(number) for number in range(order.frames))
        return _transition(order, cameras[0], cameras[1])

    def _prepared(self, order: SegmentOrder, shot: Shot) -> Prepared:
        size = (order.width, order.height)
        key = (shot.sha256, shot.picture, size, order.fill, is_still(shot) or shot.frames / order.fps)
        if key not in self._kept:
            picture = read_picture(shot.picture, shot.sha256)
            self._kept[key] = prepare(picture, shot, size, order.fps, order.fill)
        self._kept.move_to_end(key)
        prepared = self._kept[key]
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT_PICTURES or sum(kept.byte_size for kept in self._kept.values()) > KEPT_BYTES
        ):
            self._kept.popitem(last=False)
        return prepared


def write_overlaid(encoder: Encoder, frame: Frame, layers: list[Layer], number: int) -> None:
    """Hand over frame `number` with what lies over it; the frame itself stays as it is."""
    laid = [layer for layer in layers if layer.lay(frame, number)]
    encoder.write(frame)
    for layer in reversed(laid):
        layer.lift()


def _transition(order: SegmentOrder, before: Camera, after: Camera) -> Iterator[Frame]:
    """The first frame has a little of what comes, the last a little of what goes; through black, the middle is dark."""
    mixed = Frame(order.width, order.height)
    for number in range(order.frames):
        share = (number + 1) / (order.frames + 1)
        if order.kind is SegmentKind.CROSSFADE:
            crossfade(before.frame(number), after.frame(number), smooth(share), mixed)
        else:
            camera, light = (before, 1 - 2 * share) if share < 0.5 else (after, 2 * share - 1)
            fade_to_black(camera.frame(number), smooth(light), mixed)
        yield mixed


def smooth(share: float) -> float:
    """Eased at both ends, half of it at a half."""
    return share * share * (3 - 2 * share)
