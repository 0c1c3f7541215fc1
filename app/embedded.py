"""The whole system on one machine: what `reelgate serve` runs.

A supervisor that does no work itself: it owns the data folder's lock and the listening socket, migrates, starts
broker, worker and API as children, and replaces whichever dies. It stays light, so that nothing in it can fail:
it must not import the database, the web frameworks or the picture libraries.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from app.broker import Broker, prepare_broker, remove_broker
from app.children import Child, ChildSpec
from app.data_folder import DataFolder
from app.errors import StartError
from app.health import wait_until_answering
from app.keeper import Keeper, describe, quote
from app.lifeline import BROKER_VARIABLE, DESCRIPTOR_VARIABLE, watch_lifeline
from app.listening import listen, reachable_address, require_loopback, url_of
from app.log_sink import LogSink
from app.logs import configure_logging, get_logger, log_format
from app.setting_rules import LogFormat
from app.settings import INTERNAL_VARIABLES, Settings

GRACE = 8.0
BROKER_GRACE = 1.0
FORCED = 130
# How long a process of a killed system may still hold the port.
_PORT_PATIENCE = 3.0
_SAME_KEYSTROKE = 0.3
_SLOW = 15.0

log = get_logger(__name__)


def _ours(*arguments: str) -> tuple[str, ...]:
    # -P: a folder named `app` where the person stands must not be taken for ours.
    return (sys.executable, "-P", "-m", "app.cli", *arguments)


@dataclass(frozen=True)
class Commands:
    """The command lines of the parts; `--fd N` is added to the API's."""

    migrate: tuple[str, ...] = _ours("migrate")
    api: tuple[str, ...] = _ours("api")
    worker: tuple[str, ...] = _ours("worker", "--embedded")


OURS = Commands()


def run_embedded(
    settings: Settings,
    *,
    host: str,
    port: int,
    insecure: bool,
    on_ready: Callable[[str], None] | None = None,
    commands: Commands = OURS,
) -> int:
    """Run everything until SIGINT or SIGTERM and return the exit code: 0, or 1 after saying on stderr what is wrong.

    `on_ready` gets the URL once the API answers; without it the URL is printed. Call it in the main thread: the
    kernel ties a child to the thread that started it.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("run_embedded belongs in the main thread")
    sink = LogSink(sys.stderr)
    configure_logging(settings, "serve", sink)
    supervisor = _Supervisor(settings, commands, sink, on_ready or _announce)
    try:
        require_loopback(host, insecure)
        _ = settings.text_server, settings.images_server  # a missing key is said at once
        with supervisor.listening_to_signals():
            # For a server started by another command of ours.
            watch_lifeline(GRACE + settings.patience_seconds + BROKER_GRACE + 1)
            return asyncio.run(supervisor.run(host, port))
    except StartError as error:
        sink.write(f"reelgate: {error}\n")
        return 1
    finally:
        sink.drain(1.0)
        # Unknown settings have been mentioned already.
        configure_logging(settings.model_copy().with_unknown(()), "serve")


class _Supervisor:
    def __init__(self, settings: Settings, commands: Commands, sink: LogSink, on_ready: Callable[[str], None]) -> None:
        self._settings = settings
        self._commands = commands
        self._sink = sink
        self._on_ready = on_ready
        self._folder = DataFolder(settings.data_dir)
        self._keepers: list[Keeper] = []
        self._broker: Keeper | None = None
        self._worker: Keeper | None = None
        self._stop = asyncio.Event()
        self._stop_asked_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._force = asyncio.Event()

    async def run(self, host: str, port: int) -> int:
        self._loop = asyncio.get_running_loop()
        with ExitStack() as held:
            self._folder.prepare()
            held.callback(self._folder.lock().release)
            patience = self._clear_away_the_dead()
            held.callback(remove_broker, self._folder)
            listening = held.enter_context(listen(host, port, patience))
            broker = None if self._settings.redis_url else prepare_broker(self._folder)
            lifeline, our_end = os.pipe()
            held.callback(os.close, our_end)
            held.callback(os.close, lifeline)
            held.callback(self._folder.remove_server)
            await self._serve_until_stopped(listening, broker, lifeline)
        log.info("stopped")
        return FORCED if self._force.is_set() else 0

    async def _serve_until_stopped(self, listening: socket.socket, broker: Broker | None, lifeline: int) -> None:
        serving = asyncio.create_task(self._serve(listening, broker, lifeline))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            log.info("stopping")
            stop.cancel()
            serving.cancel()
            listening.close()
            with suppress(asyncio.CancelledError):
                try:
                    await serving
                finally:
                    await self._stop_children()

    async def _serve(self, listening: socket.socket, broker: Broker | None, lifeline: int) -> None:
        env = self._environment(broker, lifeline)
        self._broker = self._keep_broker(broker) if broker else None
        await self._while_kept(self._migrate(env, lifeline))
        fd = listening.fileno()
        api = (*self._commands.api, "--fd", str(fd))
        self._worker = self._keep(ChildSpec("worker", self._commands.worker, env, (lifeline,)), needs=self._broker)
        self._keep(ChildSpec("API", api, env, (lifeline, fd)), needs=self._broker)
        slow = asyncio.get_running_loop().call_later(_SLOW, log.warning, "the API does not answer yet")
        await self._while_kept(wait_until_answering(reachable_address(listening)))
        slow.cancel()
        url = url_of(listening)
        self._folder.write_server(url)
        log.info("running", url=url)
        self._on_ready(url)
        await self._while_kept(asyncio.Event().wait())

    def _keep_broker(self, broker: Broker) -> Keeper:
        spec = ChildSpec("broker", broker.argv, dict(os.environ))
        # Its lines interest nobody until it fails; then the keeper has the last ones.
        return self._keep(spec, forward=lambda line: None, ready_when=broker.wait_until_ready)

    def _keep(
        self,
        spec: ChildSpec,
        *,
        forward: Callable[[str], object] | None = None,
        ready_when: Callable[[], Awaitable[None]] | None = None,
        needs: Keeper | None = None,
    ) -> Keeper:
        keeper = Keeper(spec, forward or self._sink.write, ready_when=ready_when, needs=needs)
        self._keepers.append(keeper)
        return keeper

    async def _while_kept(self, awaited: Coroutine[None, None, object]) -> None:
        """Await it; stop waiting, with the reason, when a child cannot be kept alive."""
        task = asyncio.create_task(awaited)
        try:
            watched = {task, *(keeper.task for keeper in self._keepers)}
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for finished in done:
                finished.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _migrate(self, env: dict[str, str], lifeline: int) -> None:
        child = await Child.start(ChildSpec("migration", self._commands.migrate, env, (lifeline,)), self._sink.write)
        ended = asyncio.create_task(child.wait())
        try:
            code = await asyncio.shield(ended)
        except asyncio.CancelledError:
            child.terminate()
            force = asyncio.create_task(self._force.wait())
            await asyncio.wait({ended, force}, timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
            force.cancel()
            child.kill_group()
            await ended
            raise
        if code != 0:
            raise StartError(
                f"The database could not be brought up to date ({describe(code)}).{quote(child.last_lines)}"
            )

    async def _stop_children(self) -> None:
        others = [keeper for keeper in self._keepers if keeper is not self._broker]
        await asyncio.gather(*(keeper.stop(self._grace_of(keeper), self._force) for keeper in others))
        if self._broker:
            await self._broker.stop(BROKER_GRACE, self._force)

    def _grace_of(self, keeper: Keeper) -> float:
        """A worker may have paid calls under way, whose answers would be lost."""
        return GRACE + (self._settings.patience_seconds if keeper is self._worker else 0.0)

    def _clear_away_the_dead(self) -> float:
        """Remove what a killed system left; returns the seconds its last processes may take to free the port."""
        killed = bool(self._folder.read_server()) or self._folder.read_broker() is not None
        self._folder.remove_server()
        remove_broker(self._folder)
        return _PORT_PATIENCE if killed else 0.0

    def _environment(self, broker: Broker | None, lifeline: int) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if name not in INTERNAL_VARIABLES}
        env.update(self._settings.as_environment())
        chosen = log_format(self._settings, self._sink)
        env |= {"REELGATE_LOG_FORMAT": chosen, DESCRIPTOR_VARIABLE: str(lifeline), "PYTHONUNBUFFERED": "1"}
        if chosen is LogFormat.CONSOLE and self._sink.isatty():
            env.setdefault("FORCE_COLOR", "1")  # they write to us, and we to the terminal
        if broker:
            env |= {"REDIS_URL": broker.url, BROKER_VARIABLE: str(broker.socket_path)}
        return env

    @contextmanager
    def listening_to_signals(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP stop the system, from now on and whether or not the loop runs yet."""
        # Not the loop's own handlers: those fall back to sudden death while the loop is being closed.
        wanted = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # `nohup` wants it ignored
            wanted.append(signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in wanted}
        try:
            yield
        finally:
            for number in wanted:
                # Once stopped we are about to exit, and one more Ctrl-C must not turn that into a failure.
                signal.signal(number, signal.SIG_IGN if self._stop.is_set() else before[number])

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # Python code at any point of the main thread: the loop is only told.
        if not self._stop_asked_at:
            self._stop_asked_at = time.monotonic()
            self._tell(self._stop)
        # One Ctrl-C can arrive twice: from the terminal, and passed on by a wrapper.
        elif number == signal.SIGINT and time.monotonic() - self._stop_asked_at > _SAME_KEYSTROKE:
            self._tell(self._force)

    def _tell(self, event: asyncio.Event) -> None:
        if self._loop is None:
            event.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(event.set)


def _announce(url: str) -> None:
    with suppress(OSError):
        print(
            f"Reelgate is running at {url}\n  GraphQL  {url}/graphql\n  REST     {url}/api\nCtrl-C stops it.",
            flush=True,
        )
