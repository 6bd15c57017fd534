"""The same question elsewhere: in Python, on the command line, over HTTP."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from urllib.parse import urlencode

from kizuna.show.web.scope import Scope


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One question in three forms, to be copied."""

    python: str
    command: str
    http: str


def elsewhere(metric: str, scope: Scope, address: str, by: str = "", every: str = "all") -> Elsewhere:
    """How a number of a page is asked for by programs; `address` is where this server is reached."""
    asked = {"by": by, "every": "" if every == "all" else every, "since": str(scope.since), "until": str(scope.until)}
    asked |= {"segment": scope.segment, "compare": "" if scope.compare == "previous" else scope.compare}
    said = {name: value for name, value in asked.items() if value}
    arguments = ", ".join([_quoted(metric), *(f"{name}={_quoted(value)}" for name, value in said.items())])
    options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in said.items())
    query = urlencode({"metrics": metric, **said})
    return Elsewhere(
        f'import kizuna\n\nshop = kizuna.open("path/of/the/workspace")\nanswer = shop.measure({arguments})',
        f"kizuna measure {metric} {options}",
        f'curl -H "Authorization: Bearer $KIZUNA_KEY" {shlex.quote(f"{address}/api/v1/measure?{query}")}',
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
