"""The server: one process that collects, loads and answers the commands of its workspace.

An event loop takes requests (Granian's HTTP, our bare ASGI callable), the spool's thread writes them to
the disk, the loader's thread brings them into the facts, the asker's thread looks whom to ask, and the control socket's
threads answer commands. Ending goes the other way round: no new connections, answers to what is under way, then loader,
spool and database are closed, all within ten seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio.to_thread

from kizuna import sources
from kizuna.act.asker import Asker
from kizuna.collect.collector import Collector, spare_the_garbage_collector
from kizuna.collect.keep import Keeper
from kizuna.collect.reader import FOLDER
from kizuna.collect.receive import Door
from kizuna.collect.record import Record
from kizuna.collect.spool import Spool
from kizuna.collect.survey.door import SurveyDoor
from kizuna.collect.webhooks import Hooks
from kizuna.errors import SettingError, WorkspaceError
from kizuna.imports import DATABASE
from kizuna.loader import Loader
from kizuna.sending import Keep, for_commands, from_threads
from kizuna.settings import FILE, Settings
from kizuna.show.console import CONTROL
from kizuna.show.later import Later, Web
from kizuna.show.site import Site
from kizuna.show.survey.site import survey_site
from kizuna.show.survey.widget import Widget
from kizuna.store.control import Control
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.running import Running, claimed

FIRST_SOURCE = "web"
ANSWER_SECONDS = 5
"""What is under way when the server is told to end has so long to be answered."""

BUSY_SECONDS = 10.0
"""A command that has the database open has so long to finish before the server gives up starting."""

CATCH_UP_SECONDS = 30.0
"""What was kept is in the facts by then, or nobody is asked for now."""

LOOK_SECONDS = 0.5
CONNECTIONS, BACKLOG, HEADER_BYTES = 16_384, 2_048, 32_768

PAGE_THREADS, SWITCH_SECONDS = 16, 0.001
"""So many pages are worked out at once, and so soon the event loop has its turn again while they are.

With 200 dashboards at once on two busy cores, a message was answered within 35 to 48 ms (p95) instead of 38 to 119."""

_log = logging.getLogger("kizuna.serve")


class Server:
    """A workspace's server. `run` returns when it has been told to end.

    `host` and `port` come before the settings. Raises `WorkspaceError` when the workspace has a server
    already, its database is in use or the port is taken.
    """

    def __init__(self, root: Path, host: str | None = None, port: int | None = None) -> None:
        if not (root / FILE).is_file():
            raise WorkspaceError(
                f"{root} is not a workspace: it has no {FILE}.", f"Make one with `kizuna init {root}`."
            )
        self.root = root.absolute()
        self.settings = Settings.read(root / FILE)
        self.host, self.port = host or self.settings.host, self.settings.port if port is None else port
        self.made_source = ""

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self, ready: Callable[[Server], None]) -> None:
        """Serve until SIGTERM or SIGINT; `ready` is called once the first request can be taken."""
        _log_in_lines()
        with claimed(self.root, self.url) as me, ExitStack() as parts:
            _free(self.host, self.port)
            _have_many_files()
            self._have_a_source()
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                app, door, asker = self._assemble(parts, me, runner.get_loop())
                spare_the_garbage_collector()
                parts.callback(gc.unfreeze)  # else modules that count their objects at the end report them as lost
                runner.run(self._serve(app, door, asker, ready))

    def _have_a_source(self) -> None:
        if not self.settings.sources:
            sources.add(self.root / FILE, FIRST_SOURCE)
            self.settings, self.made_source = Settings.read(self.root / FILE), FIRST_SOURCE

    def _assemble(self, parts: ExitStack, me: Running, loop: asyncio.AbstractEventLoop) -> tuple[Site, Door, Asker]:
        """Open everything; it is closed in the opposite order."""
        settings = self.settings
        store = _opened(self.root / DATABASE, settings)
        parts.callback(store.close)
        keeper = Keeper(Spool(self.root / FOLDER, settings))
        parts.callback(keeper.close)
        door = Door(settings, self.root)
        loader = Loader(store, keeper.spool, settings, self.root)
        loader.start()
        parts.callback(loader.stop)
        asker = Asker(
            store,
            settings,
            self.root,
            from_threads(keeper, loop),
            lambda: loader.load_until(keeper.spool.end, CATCH_UP_SECONDS),
        )
        control = Control(store, me.socket, {**for_commands(keeper, loader, loop), **asker.for_commands()})
        parts.callback(control.close)
        collector = Collector(door, keeper, settings, Hooks(self.root, settings))
        surveys = survey_site(settings, self.root, collector, SurveyDoor(settings, self.root, keeper), door)
        business = settings.name or self.root.name
        surveys.exact |= Widget(surveys, door, business, asker.may_ask).handlers()
        keep = from_threads(keeper, loop)

        def pages() -> Web:
            from kizuna.show.web.app import make_app
            from kizuna.show.web.hub import Hub

            hub = Hub.serving(self.root, settings, store, lambda records: _send(keep, loader, keeper, records))
            parts.callback(hub.close)
            return make_app(hub)

        return Site(collector, surveys, Later(pages)), door, asker

    async def _serve(self, app: Site, door: Door, asker: Asker, ready: Callable[[Server], None]) -> None:
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
        from granian.server.embed import Server as Granian

        http = HTTP1Settings(header_read_timeout=self.settings.header_seconds * 1000, max_buffer_size=HEADER_BYTES)
        server = Granian(
            app,
            address=self.host,
            port=self.port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            backpressure=CONNECTIONS,
            log_enabled=False,
            http1_settings=http,
        )
        server.workers_kill_timeout = ANSWER_SECONDS
        sys.setswitchinterval(SWITCH_SECONDS)
        anyio.to_thread.current_default_thread_limiter().total_tokens = PAGE_THREADS
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        loop.set_exception_handler(_unless_given_up)
        watching = asyncio.create_task(_follow(self.root / FILE, door))
        serving = asyncio.create_task(server.serve())
        await _until_open(self.host, self.port, serving)
        asker.start()
        ready(self)
        try:
            with contextlib.suppress(TimeoutError):
                await serving
        finally:
            watching.cancel()
            # Now, because what it still has to write goes through this loop.
            await asyncio.to_thread(asker.stop)


def _send(keep: Keep, loader: Loader, keeper: Keeper, records: Iterable[Record]) -> list[bool]:
    """Keep records and have them in the facts, from a thread that answers a page."""
    new = keep(records)
    if any(new):
        loader.load_until(keeper.spool.end, CATCH_UP_SECONDS)
    return new


def _unless_given_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Who is still sending when the time to end is over is left; Granian then tells a worker that is gone to end."""
    if not isinstance(context.get("exception"), asyncio.InvalidStateError):
        loop.default_exception_handler(context)


async def _follow(file: Path, door: Door) -> None:
    """Take up write keys that are added to kizuna.toml (other settings need another start), destroy old salts."""
    seen = file.stat().st_mtime_ns
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            door.salts.sweep(time.time_ns() // 1000)
            now = file.stat().st_mtime_ns
            if now != seen:
                seen = now
                door.sources = {str(key): name for name, key in Settings.read(file).sources.items()}
        except OSError:
            continue
        except SettingError as error:
            _log.warning("kizuna.toml cannot be read, its last sources stay: %s", error)


class _OneLine(logging.Formatter):
    """What came from outside (a path with a line's end in it) cannot write a log line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(CONTROL)


def _log_in_lines() -> None:
    """Warnings and errors to stderr, where systemd and people look."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _opened(path: Path, settings: Settings) -> DuckDBStore:
    """The database; a command that works on it now is waited for."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return DuckDBStore(path, settings)
        except WorkspaceError as error:
            if "in use" not in error.what or time.monotonic() > until:
                raise
        time.sleep(0.1)


def _free(host: str, port: int) -> None:
    """Raise unless we can listen there; Granian would only say that it could not."""
    if not 0 < port < 65_536:
        raise WorkspaceError(f"There is no port {port}.", "Choose one from 1 to 65535 with --port or in kizuna.toml.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        raise WorkspaceError(f"There is no address {host!r} on this machine.", "Set host in kizuna.toml.") from None
    with socket.socket(found[0], found[1]) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(found[4])
        except OSError as error:
            raise WorkspaceError(
                f"{host}:{port} cannot be listened on: {error.strerror}.",
                "Choose another with --port, or set port in kizuna.toml.",
            ) from None


async def _until_open(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Return when a connection is taken."""
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    while True:
        if serving.done():
            await serving
            raise WorkspaceError(f"{host}:{port} cannot be listened on.", "Choose another with --port.")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(there, port)
            writer.close()
            return
        await asyncio.sleep(0.01)


def _have_many_files() -> None:
    """A connection is a file: have as many as the system lets us without asking."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 1024
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
