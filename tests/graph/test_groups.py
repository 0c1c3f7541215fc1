"""Groups of subscribers: each is told everything once and in order, whatever the others do."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, aclosing

import pytest

from graph.renderings import MOST_BYTES, Renderings, Since
from graph.sharing import Groups
from graph.tracks import Item
from tests.graph.ledger import Ledger, Reader


async def rendered(payload: int) -> bytes:
    for _ in range(payload % 2):
        await asyncio.sleep(0)
    return b"%d" % payload


class Basket:
    """A sink that has moods: it refuses what it is offered, or takes long over it."""

    takes_offers = True

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.found: list[int] = []

    def offer(self, body: bytes) -> bool:
        if self.chance.random() < 0.1:
            return False
        self.found.append(int(body))
        return True

    async def send(self, body: bytes) -> None:
        for _ in range(self.chance.randrange(30)):
            await asyncio.sleep(0)
        self.found.append(int(body))


class Sulking(Basket):
    takes_offers = False

    def offer(self, body: bytes) -> bool:
        return False


async def wandering(groups: Groups, ledger: Ledger, seed: int) -> tuple[int, list[int]]:
    """Comes and goes until the ledger ends; each time as another kind of subscriber, behind what it was told last."""
    chance = random.Random(seed)
    start = ledger.written if chance.random() < 0.5 else chance.randrange(ledger.written + 1)
    seen: list[int] = []
    while True:
        after = seen[-1] if seen else start
        stays = chance.randrange(1, 4000) if chance.random() < 0.9 else None
        async with aclosing(groups.join("alike", Reader(ledger, after), rendered, RuntimeError)) as subscriber:
            if chance.random() < 0.4:
                while stays is None or stays > 0:
                    try:
                        async with asyncio.timeout(None if chance.random() < 0.9 else 0.001):
                            seen.append(int((await anext(subscriber)).body))
                    except TimeoutError:
                        continue
                    except StopAsyncIteration:
                        return start, seen
                    stays = None if stays is None else stays - 1
            else:
                basket = (Basket if chance.random() < 0.7 else Sulking)(chance)
                delivering = asyncio.create_task(subscriber.deliver_to(basket))
                while not delivering.done() and (stays is None or len(basket.found) < stays):
                    await asyncio.sleep(0)
                over = delivering.done()
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)
                seen += basket.found
                if over:
                    return start, seen


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 8))])
async def test_everyone_is_told_everything_once_and_in_order(seed: int) -> None:
    random.seed(seed)
    chance = random.Random(seed)
    ledger, groups = Ledger(), Groups()
    ledger.write(50)
    crowd = [asyncio.create_task(wandering(groups, ledger, seed * 100 + number)) for number in range(25)]
    while ledger.written < 3_000:
        ledger.write(chance.choice([1, 1, 1, 2, 7, 90]))
        for _ in range(chance.choice([0, 1, 5, 40])):
            await asyncio.sleep(0)
        if chance.random() < 0.05:
            crowd.append(asyncio.create_task(wandering(groups, ledger, chance.randrange(10**6))))
    ledger.end()
    for start, seen in await asyncio.gather(*crowd):
        assert seen == [number for number in range(start + 1, ledger.written + 1) if number % 3]
    assert len(groups) == 0


async def test_a_broken_sink_harms_nobody_else() -> None:
    class Broken(Basket):
        def offer(self, body: bytes) -> bool:
            raise OSError("broken")

    ledger, groups = Ledger(), Groups()
    async with AsyncExitStack() as stack:
        chance = random.Random(1)
        baskets = [Broken(chance), Basket(chance), Basket(chance)]
        joined = [groups.join("x", Reader(ledger, 0), rendered, RuntimeError) for _ in baskets]
        for subscriber in joined:
            await stack.enter_async_context(aclosing(subscriber))
        tasks = [
            asyncio.create_task(subscriber.deliver_to(basket))
            for subscriber, basket in zip(joined, baskets, strict=True)
        ]
        for _ in range(100):
            ledger.write(1)
            await asyncio.sleep(0)
        ledger.end()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [OSError, type(None), type(None)]
    assert baskets[1].found == baskets[2].found == [number for number in range(1, 101) if number % 3]


async def test_large_renderings_are_not_kept() -> None:
    async def large(payload: int) -> bytes:
        return b"x" * (MOST_BYTES + 1)

    for readers in (1, 2):
        kept = Renderings(lambda count=readers: count, large, lambda error: RuntimeError())  # type: ignore[misc]
        for place in range(1, 4):
            found = await kept.of_next(Item(place, place), Since(0.0, 0))
            assert found.size > MOST_BYTES
        assert len(kept._kept) == 0
