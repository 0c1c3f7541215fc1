"""Which ffmpeg command does what with sound. Pure: lists of arguments in, nothing runs here.

Names without a folder are relative to the folder that the command runs in. Every command gives the same bytes for
the same inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from video.sound.kinds import DECODERS, Kind
from video.sound.levels import SPEECH_PEAK_DBFS
from video.sound.loudness import metering
from video.sound.mastering import limiter
from video.sound.plan import SAMPLE_RATE

BITRATE: Final = "192k"
SPEECH_FADE: Final = SAMPLE_RATE // 100
RAW_FLOATS: Final = ("-f", "f32le", "-ar", str(SAMPLE_RATE))
PLAIN: Final = ("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
# At this rate the fast coder leaves 6 to 14 dB less noise in the bands of speech than `twoloop`, for half the CPU time.
AAC: Final = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", BITRATE, "-ar", str(SAMPLE_RATE), "-ac", "2")
MP4: Final = ("-f", "mp4", "-movie_timescale", str(SAMPLE_RATE))  # else the edit list counts in milliseconds


def command(ffmpeg: str, *arguments: str) -> list[str]:
    """One thread, no prompts, progress on standard output."""
    start = ("-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.5", "-y")
    return [ffmpeg, *start, "-filter_threads", "1", *arguments]


def file_url(path: Path) -> str:
    """With the protocol named, no part of a path can be taken for one."""
    return f"file:{path.absolute()}"


def unpack_music(ffmpeg: str, music: Path, *, output: str, report: str, seconds: float) -> list[str]:
    """At most `seconds` of a FLAC file as raw 16-bit stereo, measured on the way."""
    source = ("-protocol_whitelist", "file", "-f", "flac", "-threads", "1", "-i", file_url(music))
    sink = ("-map", "0:a:0", "-t", f"{seconds:.3f}", "-af", metering(report, peaks="sample"))
    return command(ffmpeg, *source, *sink, "-ar", str(SAMPLE_RATE), "-ac", "2", "-f", "s16le", f"file:{output}")


def measure(ffmpeg: str, mix: str, *, channels: int, filters: str, report: str, again: int = 0) -> list[str]:
    """How loud a raw mix is behind `filters`; `again` repeats one that is too short to be measured."""
    source = (*RAW_FLOATS, "-ac", str(channels), "-stream_loop", str(again), "-i", f"file:{mix}")
    return command(ffmpeg, *source, "-af", f"{filters},{metering(report, peaks='sample')}", "-f", "null", "-")


def encode(ffmpeg: str, mix: str, *, channels: int, filters: str, samples: int, output: str) -> list[str]:
    """The one AAC encode, of exactly so many samples: encoder delay in an edit list, a last packet that is shorter."""
    source = (*RAW_FLOATS, "-ac", str(channels), "-i", f"file:{mix}")
    exact = f"{filters},apad=whole_len={samples},atrim=end_sample={samples}"
    return command(ffmpeg, *source, "-af", exact, *AAC, "-threads", "1", *PLAIN, *MP4, f"file:{output}")


def silence(ffmpeg: str, *, samples: int, output: str) -> list[str]:
    """A silent track of exactly so many samples."""
    source = ("-f", "lavfi", "-i", f"anullsrc=r={SAMPLE_RATE}:cl=stereo,atrim=end_sample={samples}")
    return command(ffmpeg, *source, *AAC, "-threads", "1", *PLAIN, *MP4, f"file:{output}")


def measure_encoded(ffmpeg: str, sound: str, *, report: str, again: int = 0) -> list[str]:
    """Decode what was encoded, and measure it with its true peaks."""
    source = ("-protocol_whitelist", "file", "-f", "mov", "-stream_loop", str(again), "-i", f"file:{sound}")
    return command(ffmpeg, *source, "-map", "0:a:0", "-af", metering(report), "-f", "null", "-")


def keep_music(ffmpeg: str, source: Path, kind: Kind, *, output: Path, seconds: int) -> list[str]:
    """The first sound of an unknown file, `seconds` at most, as FLAC of two channels and nothing else."""
    sink = ("-t", str(seconds), "-ar", str(SAMPLE_RATE), "-ac", "2", "-sample_fmt", "s16", "-c:a", "flac")
    return command(ffmpeg, *_unknown(source, kind), *sink, "-threads", "1", *PLAIN, "-f", "flac", file_url(output))


def unpack_speech(ffmpeg: str, source: Path, kind: Kind, *, output: str, report: str, seconds: int) -> list[str]:
    """The first sound of an unknown file, `seconds` at most, as raw floats of one channel, measured as if on two."""
    meter = f"aresample={SAMPLE_RATE},aformat=channel_layouts=mono,{metering(report, peaks='sample:dualmono=1')}"
    sink = ("-t", str(seconds), "-af", meter, "-f", "f32le")
    return command(ffmpeg, *_unknown(source, kind), *sink, f"file:{output}")


def keep_speech(ffmpeg: str, raw: str, *, first: int, last: int, gain: float, output: Path) -> list[str]:
    """Raw floats from `first` to `last`, `gain` dB louder, as WAV of 16 bit that begins and ends without a click."""
    samples = last - first
    ends = f"afade=t=in:ns={SPEECH_FADE},afade=t=out:ss={max(0, samples - SPEECH_FADE)}:ns={SPEECH_FADE}"
    cut = f"atrim=start_sample={first}:end_sample={last},asetpts=N/SR/TB"
    louder = f"volume={gain:.4f}dB:precision=double,{limiter(SPEECH_PEAK_DBFS)},aformat=sample_fmts=s16"
    sink = ("-af", f"{cut},{ends},{louder}", "-c:a", "pcm_s16le", *PLAIN, "-f", "wav", file_url(output))
    return command(ffmpeg, *RAW_FLOATS, "-ac", "1", "-i", f"file:{raw}", *sink)


def _unknown(source: Path, kind: Kind) -> tuple[str, ...]:
    """A file that may be made to do harm: no other file, demuxer or decoder than this kind needs."""
    pinned = ("-protocol_whitelist", "file", "-f", kind.value, "-codec_whitelist", DECODERS[kind])
    return ("-max_error_rate", "0.1", *pinned, "-threads", "1", "-i", file_url(source), "-map", "0:a:0")
