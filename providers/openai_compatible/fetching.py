"""Fetches a picture that a server answered with the address of.

The name is resolved once, every address is checked, and the connection goes to a checked address: a second look-up
could give another one. The certificate is checked against the name. No redirect, no proxy, no cookies, no compression.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

import httpx

from domain.calls import ProviderError, ProviderErrorKind, Role
from domain.errors import JobErrorCode
from providers.openai_compatible.addresses import Forbidden, Target, is_public, resolve, target_of
from providers.openai_compatible.client import quieten_libraries
from providers.openai_compatible.failures import bad_output

FETCH_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
_MOST_ADDRESSES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class PictureFetcher:
    """Fetches from the hosts that a person allowed.

    `resolve`, `is_public` and `certificates` are what tests replace: they have no public address.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        most_bytes: int,
        seconds: float = FETCH_SECONDS,
        resolve: Resolve = resolve,
        is_public: Callable[[str], bool] = is_public,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        quieten_libraries()
        self._hosts = tuple(hosts)
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._resolve = resolve
        self._is_public = is_public
        self._certificates = certificates

    async def fetch(self, url: str, request_id: str | None) -> bytes:
        """The bytes behind `url`.

        Raises:
            ProviderError: charged, because the answer that held the address was paid for. CONFIG if the address may
                not be followed: another picture would be just as much out of reach. BAD_OUTPUT if fetching failed.
        """
        try:
            async with asyncio.timeout(self._seconds):
                target = target_of(url, self._hosts)
                return await self._download(target, await self._checked(target), request_id)
        except Forbidden as reason:
            failure = _out_of_reach(str(reason), request_id)
        except (TimeoutError, OSError, httpx.HTTPError, httpx.InvalidURL):
            failure = _failed("cannot be fetched", request_id)
        raise failure  # out here it has no context: what was caught names a signed address

    async def _checked(self, target: Target) -> list[str]:
        addresses = list(await self._resolve(target.host, target.port))[:_MOST_ADDRESSES]
        if not addresses or not all(self._is_public(address) for address in addresses):
            raise Forbidden("that is not public")
        return addresses

    async def _download(self, target: Target, addresses: Sequence[str], request_id: str | None) -> bytes:
        async with httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            verify=self._certificates or ssl.create_default_context(),
            timeout=httpx.Timeout(self._seconds, connect=min(self._seconds, _CONNECT_SECONDS)),
        ) as client:
            for address in addresses[:-1]:
                try:
                    return await self._get(client, target, address, request_id)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue
            return await self._get(client, target, addresses[-1], request_id)

    async def _get(self, client: httpx.AsyncClient, target: Target, address: str, request_id: str | None) -> bytes:
        host = target.host if target.port == 443 else f"{target.host}:{target.port}"
        async with client.stream(
            "GET",
            target.url.copy_with(host=address),
            headers={"Host": host, "Accept": "image/*", "Accept-Encoding": "identity", "Connection": "close"},
            extensions={"sni_hostname": target.host},
        ) as response:
            if 300 <= response.status_code < 400:
                raise Forbidden("that leads on to another one")
            if response.status_code != 200 or response.headers.get("content-encoding", "identity") != "identity":
                raise _failed(f"cannot be fetched (HTTP {response.status_code})", request_id)
            picture = bytearray()
            async for chunk in response.aiter_raw():
                picture += chunk
                if len(picture) > self._most_bytes:
                    raise _failed(f"has more than {self._most_bytes // 1_000_000} MB", request_id)
            return bytes(picture)


def _failed(what: str, request_id: str | None) -> ProviderError:
    return bad_output(Role.IMAGES, f"put the picture on an address where it {what}", request_id=request_id)


def _out_of_reach(reason: str, request_id: str | None) -> ProviderError:
    return ProviderError(
        ProviderErrorKind.CONFIG,
        JobErrorCode.BAD_OUTPUT,
        f"The image provider put the picture on an address {reason}, so it is not fetched. List the host of its "
        "pictures in the settings, or let it answer with the picture itself.",
        request_id=request_id,
        charged=True,
    )
