"""What handlers are given when they ask for it: ``def page(view: TheView, hub: TheHub)``."""

from __future__ import annotations

from litestar.di import NamedDependency

from kizuna.show.web.auth.gate import Gate
from kizuna.show.web.hub import Hub
from kizuna.show.web.view import View

TheView = NamedDependency[View]
TheHub = NamedDependency[Hub]
TheGate = NamedDependency[Gate]
