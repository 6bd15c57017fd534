"""Work on dropped files that may take longer than a page: trying out and loading, one after the other."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakKeyDictionary

from kizuna.collect.peek import Peek
from kizuna.collect.report import FileReport
from kizuna.errors import KizunaError
from kizuna.show.web.hub import Hub
from kizuna.show.web.importing.drop import Choices
from kizuna.workspace import Workspace

What = Literal["try", "load"]
Told = Callable[[str, float, float], None]
"""Called with stage, done and total while work goes on."""

MOST = 100
STOPPING_SECONDS = 5.0
_log = logging.getLogger("kizuna.pages")


@dataclass
class Job:
    """One piece of work: what for, with which choices, how far it is, and how it ended.

    `stage` is one of read, check, keep, load, derive; `done` of `total` units of it are over, a `total` of 0 is
    unknown. `error` is what was wrong with the file or the mapping, `failed` that we did something wrong.
    """

    what: What
    choices: Choices
    stage: str = ""
    done: int = 0
    total: int = 0
    report: FileReport | None = None
    error: KizunaError | None = None
    failed: bool = False
    running: bool = False
    began: float = field(default_factory=time.time)
    interrupt: Callable[[], None] = field(default=lambda: None, repr=False)
    _over: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether it is over within so many seconds."""
        return self._over.wait(seconds)

    def told(self, stage: str, done: float, total: float) -> None:
        """Take note of how far it is."""
        self.stage, self.done, self.total = stage, int(done), int(total)


class Jobs:
    """The jobs of one server, by the id of the drop; of each the latest.

    A server that is told to end stops them: an import is whole or not there, and its file still waits.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Job, Callable[[Job], FileReport]]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._seen: OrderedDict[tuple[Any, ...], Peek] = OrderedDict()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, id: str) -> Job | None:
        """The latest job on a drop."""
        return self._jobs.get(id)

    def seen(self, key: tuple[Any, ...], look: Callable[[], Peek]) -> Peek:
        """A first look at a file, taken once: a file that waits does not change."""
        with self._lock:
            found = self._seen.get(key)
        if found is None:
            found = look()
            with self._lock:
                self._seen[key] = found
                while len(self._seen) > MOST:
                    self._seen.popitem(last=False)
        return found

    def start(self, id: str, what: What, choices: Choices, work: Callable[[Job], FileReport]) -> Job:
        """Begin, or give the job that does the same already."""
        with self._lock:
            now = self._jobs.get(id)
            if now is not None and not now.over and (now.what == "load" or now.choices == choices):
                return now
            job = self._jobs[id] = Job(what, choices)
            self._jobs.move_to_end(id)
            while len(self._jobs) > MOST:
                self._jobs.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="kizuna-import", daemon=True)
                self._thread.start()
        self._waiting.put((job, work))
        return job

    def stop(self) -> None:
        """Stop what runs and begin nothing more."""
        self._stopping = True
        until = time.monotonic() + STOPPING_SECONDS
        for job in list(self._jobs.values()):
            # An import is many statements; the one after the next may be reached before it gives up.
            while job.running and not job.wait(0.02) and time.monotonic() < until:
                job.interrupt()

    def _work(self) -> None:
        while not self._stopping:
            self._run(*self._waiting.get())

    def _run(self, job: Job, work: Callable[[Job], FileReport]) -> None:
        job.running = True
        try:
            job.report = work(job)
        except KizunaError as error:
            job.error = error
        except Exception:
            if not self._stopping:
                _log.exception("An import failed")
            job.failed = True
        finally:
            job.running = False
            job._over.set()


_ALL: WeakKeyDictionary[Workspace, Any] = WeakKeyDictionary()
_TURN = threading.Lock()


def jobs_of(hub: Hub) -> Jobs:
    """The jobs of the workspace that this server has open."""
    with _TURN:
        if hub.workspace not in _ALL:
            _ALL[hub.workspace] = jobs = Jobs()
            hub.closers.append(jobs.stop)
        found: Jobs = _ALL[hub.workspace]
        return found
