"""Addresses from outside: which are followed, and to where exactly."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calls import ProviderError, ProviderErrorKind
from providers.openai_compatible.addresses import Forbidden, is_public, resolve, target_of
from providers.openai_compatible.fetching import PictureFetcher
from tests.providers.openai_compatible.loopback import Loopback, Reply, serving

HOST = "pictures.example"
PEM = Path(__file__).with_name("pictures_example.pem")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "::", "::1", "fe80::1",
     "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
     "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1",
     "2002:a00:1::", "2001:0:7f00:1::", "2001:db8::1", "100::1", "localhost", "", "127.1", "0x7f.1", "2130706433"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
)
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)


ALLOWED = ("cdn.example", "*.blob.example", "odd.example:8443")


@pytest.mark.parametrize(
    "url",
    ["https://cdn.example/a.png?sig=x%2F", "https://CDN.example./a", "https://cdn.example:443/a",
     "https://a.blob.example/x", "https://a.b.blob.example/x", "https://odd.example:8443/x"],
)  # fmt: skip
def test_listed_hosts(url: str) -> None:
    assert target_of(url, ALLOWED).port in (443, 8443)


@pytest.mark.parametrize(
    "url",
    ["http://cdn.example/a", "ftp://cdn.example/a", "file:///etc/passwd", "//cdn.example/a", "cdn.example/a", "",
     "https:",
     "https://", "https:///a", "gopher://cdn.example", "HTTP://cdn.example", "https://evil.example/a",
     "https://cdn.example.evil.example/a", "https://evilcdn.example/a", "https://blob.example/a",
     "https://evilblob.example/a", "https://user@cdn.example/a", "https://user:pw@cdn.example/a",
     "https://cdn.example@evil.example/a", "https://cdn.example%40evil.example/", "https://evil.example#@cdn.example/",
     "https://evil.example\\@cdn.example/", "https://cdn.example\\@evil.example/", "https://evil.example?@cdn.example/",
     "https://cdn.example:22/a", "https://cdn.example:8443/a", "https://odd.example/a", "https://odd.example:443/",
     "https://cdn.example:99999/a", "https://cdn.example:-1/", "https://cdn.example:x/", "https://cdn.example\n/a",
     "https://cdn.example\x00/a", "https://127.0.0.1/a", "https://[::1]/a", "https://2130706433/", "https://localhost/a",
     "https://cdn.example/" + "a" * 9000, "https://сdn.example/"],
)  # fmt: skip
def test_everything_else_is_forbidden(url: str) -> None:
    with pytest.raises(Forbidden):
        target_of(url, ALLOWED)


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_string_is_on_the_list_or_forbidden(start: str, end: str) -> None:
    for url in (start, f"https://{start}", f"https://cdn.example{start}", f"https://{start}cdn.example/{end}"):
        try:
            target = target_of(url, ("cdn.example",))
        except Forbidden:
            continue
        assert (target.host, target.port, target.url.scheme) == ("cdn.example", 443, "https")


class Resolver:
    """Answers each time with the next list of addresses, as a name server under an attacker's hand does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


def certificates(server: bool) -> ssl.SSLContext:
    if not server:
        return ssl.create_default_context(cafile=str(PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context


@asynccontextmanager
async def picture_host(
    reply: Reply, **options: Any
) -> AsyncIterator[tuple[PictureFetcher, Loopback, Resolver, list[str]]]:
    """A fetcher to which the loopback address is public, and the names that TLS was asked for."""
    names: list[str] = []
    context = certificates(server=True)
    context.sni_callback = lambda _, name, __: names.append(name)
    async with serving(lambda _: reply, certificates=context) as server:
        resolver = options.pop("resolve", Resolver(["127.0.0.1"], ["10.0.0.1"]))
        fetcher = PictureFetcher(
            [f"{options.pop('host', HOST)}:{server.port}"],
            **{"most_bytes": 10_000, "seconds": 3.0, "is_public": lambda address: address == "127.0.0.1", **options},
            resolve=resolver,
            certificates=certificates(server=False),
        )
        yield fetcher, server, resolver, names


async def fetch_failure(fetcher: PictureFetcher, url: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await fetcher.fetch(url, "req_1")
    error = caught.value
    assert error.charged
    assert error.request_id == "req_1"
    assert error.__context__ is None
    assert "sig" not in repr(vars(error))
    return error


async def test_the_checked_address_is_the_one_connected_to() -> None:
    async with picture_host(Reply(200, b"picture")) as (fetcher, server, resolver, names):
        assert await fetcher.fetch(f"https://{HOST}:{server.port}/a%2Fb?sig=1%2B2#x", None) == b"picture"
    assert resolver.asked == [(HOST, server.port)]  # a second look-up would have been told 10.0.0.1
    assert names == [HOST]
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("GET", "/a%2Fb?sig=1%2B2")
    assert asked.headers["host"] == f"{HOST}:{server.port}"
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers


async def test_a_signed_address_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    async with picture_host(Reply(200, b"picture")) as (fetcher, server, _, _names):
        await fetcher.fetch(f"https://{HOST}:{server.port}/secret-path?sig=1", None)
    assert "secret-path" not in caplog.text


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["::1"], ["::ffff:10.0.0.1", "127.0.0.1"], []]
)
async def test_a_name_with_any_private_address_is_not_followed(addresses: list[str]) -> None:
    async with picture_host(Reply(200, b"x"), resolve=Resolver(addresses)) as (fetcher, server, _, names):
        error = await fetch_failure(fetcher, f"https://{HOST}:{server.port}/?sig=1")
    assert (error.kind, server.asked, names) == (ProviderErrorKind.CONFIG, [], [])
    assert "not public" in error.message


async def test_the_certificate_must_be_of_the_name() -> None:
    async with picture_host(Reply(200, b"x"), host="other.example") as (fetcher, server, _, _names):
        error = await fetch_failure(fetcher, f"https://other.example:{server.port}/?sig=1")
    assert (error.kind, server.asked) == (ProviderErrorKind.BAD_OUTPUT, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    reply = Reply(status, b"", {"location": "https://169.254.169.254/"})
    async with picture_host(reply) as (fetcher, server, resolver, _):
        error = await fetch_failure(fetcher, f"https://{HOST}:{server.port}/?sig=1")
    assert (error.kind, len(server.asked), len(resolver.asked)) == (ProviderErrorKind.CONFIG, 1, 1)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(404, b"no"), "HTTP 404"),
        (Reply(500, b"no"), "HTTP 500"),
        (Reply(206, b"part"), "HTTP 206"),
        (Reply(200, b"x" * 20_000), "more than"),
        (Reply(200, b"x" * 50, {"content-encoding": "gzip"}), "cannot be fetched"),
        (Reply(200, b"x" * 50, cut=20), "cannot be fetched"),
        (Reply(200, b"x" * 50, cut=0), "cannot be fetched"),
    ],
)
async def test_downloads_that_fail(reply: Reply, message: str) -> None:
    async with picture_host(reply) as (fetcher, server, _, _names):
        error = await fetch_failure(fetcher, f"https://{HOST}:{server.port}/?sig=1")
    assert error.kind is ProviderErrorKind.BAD_OUTPUT
    assert message in error.message


@pytest.mark.parametrize("reply", [Reply(200, b"x", pause=3), Reply(200, b"x" * 100, pause=0.05, pieces=100)])
async def test_slow_downloads_end(reply: Reply) -> None:
    started = asyncio.get_running_loop().time()
    async with picture_host(reply, seconds=0.3) as (fetcher, server, _, _names):
        error = await fetch_failure(fetcher, f"https://{HOST}:{server.port}/?sig=1")
        assert asyncio.get_running_loop().time() - started < 2.5
    assert error.kind is ProviderErrorKind.BAD_OUTPUT


async def test_another_address_of_the_name_is_tried() -> None:
    everywhere = {"is_public": lambda _: True, "resolve": Resolver(["127.0.0.9", "127.0.0.1"])}
    async with picture_host(Reply(200, b"picture"), **everywhere) as (fetcher, server, _, _names):
        assert await fetcher.fetch(f"https://{HOST}:{server.port}/", None) == b"picture"


async def test_a_name_that_is_not_there() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError(f"no address for {host}")

    fetcher = PictureFetcher([HOST], most_bytes=10, resolve=nowhere)
    assert (await fetch_failure(fetcher, f"https://{HOST}/?sig=1")).kind is ProviderErrorKind.BAD_OUTPUT


async def test_the_real_resolver_and_the_real_check_keep_off_this_machine() -> None:
    assert "127.0.0.1" in await resolve("localhost", 443)
    fetcher = PictureFetcher(["localhost", "127.0.0.1"], most_bytes=10)
    for url in ("https://localhost/?sig=1", "https://127.0.0.1/?sig=1"):
        assert "not public" in (await fetch_failure(fetcher, url)).message
