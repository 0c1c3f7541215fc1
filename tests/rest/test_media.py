"""Media files: whole, in ranges, conditionally, and never anything else."""

from __future__ import annotations

import os

import httpx
import pytest

from tests.rest.making import PROBLEM_TYPE, a_finished_video, an_image, png, problem
from workflow.context import Context

FILM = bytes(range(256)) * 4
PATH = "/media/videos/video_1.mp4"


@pytest.fixture
async def film(context: Context) -> None:
    assert (await a_finished_video(context, FILM)).file_path == "videos/video_1.mp4"


@pytest.mark.usefixtures("film")
async def test_a_whole_file(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH)
    assert (answer.status_code, answer.content) == (200, FILM)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == "1024"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["last-modified"].endswith("GMT")
    headed = await client.head(PATH)
    assert (headed.status_code, headed.content, headed.headers["content-length"]) == (200, b"", "1024")


async def test_a_picture(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    answer = await client.get(f"/media/{image.file_path}")
    assert (answer.headers["content-type"], answer.content) == ("image/png", png())


@pytest.mark.usefixtures("film")
async def test_a_query_means_nothing(client: httpx.AsyncClient) -> None:
    """What is forged must not be kept for good."""
    answer = await client.get(PATH + "?v=0123abcd")
    assert answer.headers["cache-control"] == "private, no-cache"


STRANGE_DATES = [
    "Sun, 06 Nov 99999 08:49:37 GMT",
    "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
    "Sun, 06 Nov 1994 99999999999999999999:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 +99999999999999999999",
    "Sun, 06 Nov 1994 08:49:37 -0000",
    "Sun, 06 Nov 1994 08:49:37 +240000",
    "1 Jan 0001 00:00:00 +2300",
    "31 Dec 9999 23:59:59 -2300",
    "06 Nov 0 0:0:0 GMT",
    "Mon, , , ,",
    ",",
    " ",
    "",
    "1 2 3 4 5",
    "-",
    "(",
    "6 Nov " + "9" * 5_000 + " 00:00:00 GMT",
    "a" * 5_000,
]


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize("date", STRANGE_DATES)
async def test_a_condition_with_a_strange_date_counts_as_none(client: httpx.AsyncClient, date: str) -> None:
    for name in ("If-Modified-Since", "If-Unmodified-Since", "If-Range"):
        answer = await client.get(PATH, headers={name: date})
        assert answer.status_code in (200, 304, 412), (name, answer.text)
    far_away = {"Date": "99999999999999999999"}
    assert (await client.get(PATH, headers=far_away)).status_code == 200


async def test_pictures_and_videos_alone_are_served(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    folder = context.media.folder
    scene = folder / f"images/scene_{image.scene_id}"
    (folder / "calls/job_1").mkdir(parents=True)
    for path in (
        folder / "calls/call_1.json", folder / "calls/job_1/image_1.png", scene / "evil.html", scene / "notes.png",
        scene / "image_07.png", scene / "image_7.jpg", folder / "images/image_1.png", folder / "video_1.mp4",
    ):  # fmt: skip
        path.write_bytes(b"secret")
        answer = await client.get("/media/" + path.relative_to(folder).as_posix())
        problem(answer, 404, "NOT_FOUND")
        assert "secret" not in answer.text


async def test_links_are_not_followed(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    folder = context.media.folder
    real = folder / image.file_path
    (folder / "calls").mkdir()
    (folder / "calls/call_1.json").write_bytes(b"secret")
    real.with_name("image_90.png").symlink_to("/etc/passwd")
    real.with_name("image_91.png").symlink_to(real)
    real.with_name("image_92.png").symlink_to(folder / "calls/call_1.json")
    (folder / "images/scene_77").symlink_to(real.parent)
    for key in (f"scene_{image.scene_id}/image_90.png", f"scene_{image.scene_id}/image_91.png",
                f"scene_{image.scene_id}/image_92.png", f"scene_77/{real.name}"):  # fmt: skip
        problem(await client.get(f"/media/images/{key}"), 404, "NOT_FOUND")
    assert (await client.get(f"/media/{image.file_path}")).status_code == 200


async def test_the_folder_as_a_whole_may_be_a_link(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_image(context)
    folder = context.media.folder
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    assert (await client.get(f"/media/{image.file_path}")).status_code == 200


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-99999999", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-99999", 0, 1024),
        ("BYTES=5-6", 5, 7),
        ("bytes= 5-6", 5, 7),
        ("bytes=5-6, 4000-5000", 5, 7),
    ],
)
async def test_one_range(client: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    answer = await client.get(PATH, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, FILM[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["content-type"] == "video/mp4"


@pytest.mark.usefixtures("film")
async def test_several_ranges(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH, headers={"Range": "bytes=0-1,10-11,-2"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert int(answer.headers["content-length"]) == len(answer.content)
    for part in (b"bytes 0-1/1024", b"bytes 10-11/1024", b"bytes 1022-1023/1024"):
        assert b"Content-Range: " + part in answer.content


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-3", "bytes=1-2,x", "lines=1-2", "bytes=--5", "bytes=1",
     "bytes=" + ",".join(f"{place}-{place}" for place in range(0, 60, 2)), "bytes=" + "9" * 400 + "-"],
)  # fmt: skip
async def test_what_is_no_range_brings_the_whole(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get(PATH, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, FILM)


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0", "bytes=1024-,9999-"])
async def test_outside_of_the_file(client: httpx.AsyncClient, asked: str) -> None:
    answer = await client.get(PATH, headers={"Range": asked})
    problem(answer, 416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == "bytes */1024"


@pytest.mark.usefixtures("film")
async def test_a_head_request_has_no_ranges(client: httpx.AsyncClient) -> None:
    answer = await client.head(PATH, headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, "1024")


@pytest.mark.usefixtures("film")
async def test_a_range_of_this_file_only(client: httpx.AsyncClient) -> None:
    whole = await client.get(PATH)
    for known, status in ((whole.headers["etag"], 206), (whole.headers["last-modified"], 206), ('"other"', 200)):
        answer = await client.get(PATH, headers={"Range": "bytes=0-1", "If-Range": known})
        assert answer.status_code == status
    outdated = await client.get(PATH, headers={"Range": "bytes=5000-", "If-Range": '"other"'})
    assert outdated.status_code == 200


@pytest.mark.usefixtures("film")
async def test_what_the_client_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    whole = await client.get(PATH)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    for known in (etag, f"W/{etag}", f'"a", {etag}', "*"):
        answer = await client.get(PATH, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == "private, no-cache"
    assert (await client.head(PATH, headers={"If-None-Match": etag})).status_code == 304
    assert (await client.get(PATH, headers={"If-Modified-Since": modified})).status_code == 304
    for condition in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        assert (await client.get(PATH, headers=condition)).status_code == 200


@pytest.mark.usefixtures("film")
async def test_preconditions(client: httpx.AsyncClient) -> None:
    etag = (await client.get(PATH)).headers["etag"]
    for met in ({"If-Match": etag}, {"If-Match": "*"}, {"If-Unmodified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}):
        assert (await client.get(PATH, headers=met)).status_code == 200
    for unmet in (
        {"If-Match": '"other"'},
        {"If-Match": f"W/{etag}"},
        {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    ):
        problem(await client.get(PATH, headers=unmet), 412, "PRECONDITION_FAILED")


async def test_another_file_under_the_same_key_has_another_tag(client: httpx.AsyncClient, context: Context) -> None:
    """A new installation begins at the same keys."""
    video = await a_finished_video(context, FILM)
    assert video.file_path is not None
    before = (await client.get(PATH)).headers["etag"]
    path = context.media.path_of(video.file_path)
    path.write_bytes(bytes(len(FILM)))
    os.utime(path, ns=(1, 1))
    answer = await client.get(PATH, headers={"If-None-Match": before})
    assert (answer.status_code, answer.content) == (200, bytes(len(FILM)))


@pytest.mark.usefixtures("film")
@pytest.mark.parametrize(
    "key",
    [
        "",
        "videos",
        "videos/",
        "videos/video_2.mp4",
        "../reelgate.sqlite3",
        "..%2freelgate.sqlite3",
        "videos/..%2f..%2freelgate.sqlite3",
        "videos/%2e%2e/%2e%2e/reelgate.sqlite3",
        "videos/%2e%2e/videos/video_1.mp4",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "videos%2fvideo_1.mp4%00.png",
        "videos/video_1.mp4%00",
        "videos%5cvideo_1.mp4",
        "VIDEOS/video_1.mp4",
        "videos/video_1.mp4/",
        "%ff%fe",
        ".staging/secret.png",
        "%2estaging/secret.png",
        "linked/passwd.txt",
        "a" * 3_000,
    ],
)
async def test_no_other_file(client: httpx.AsyncClient, context: Context, key: str) -> None:
    context.media.staging.joinpath("secret.png").write_bytes(b"secret")
    context.media.folder.joinpath("linked").symlink_to("/etc")
    answer = await client.get("http://localhost/media/" + key)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.json()["code"] == "NOT_FOUND"
    assert str(context.media.folder) not in answer.text
