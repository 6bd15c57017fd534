"""The pages of the web application on a demo company, and somebody who walks through them in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from browser.axe import violations
from kizuna.store.state import accounts, logins
from kizuna.store.state.database import State
from server import RunningServer

Scheme = Literal["light", "dark"]
HEIGHT = {1280: 900, 360: 740}

PAGES = {
    "overview": "/",
    "metrics": "/metrics",
    "metric": "/metric/nps",
    "metric-by": "/metric/csat?by=channel",
    "channels": "/channels",
    "channel-web": "/channel/web",
    "channel-email": "/channel/email",
    "channel-support": "/channel/support",
    "customers": "/customers",
    "customer": "/customer/1",
    "feedback": "/feedback",
    "surveys": "/surveys",
    "survey": "/survey/after%20support?period=last-12-months&by=country",
    "segments": "/segments",
    "segment-new": "/segments/new",
    "notes": "/notes",
    "data": "/data",
    "import": "/data/import",
    "rejected": "/data/rejected",
    "snippets": "/data/snippets",
    "report": "/report",
    "calculators": "/calculators",
    "calculator": "/calculator/nps",
    "settings": "/settings",
    "people": "/settings/people",
    "keys": "/settings/keys",
    "api": "/api",
    "audit": "/settings/audit",
}
"""Every page one can come to by the menu, by a name for its picture."""

PUBLIC = {"login": "/login", "calculators-public": "/calculators", "calculator-public": "/calculator/churn"}
"""Pages for those who are not signed in."""

_REPORTS = """
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@dataclass
class Walker:
    """A browser of its own, signed in. `wrong` is everything that should not have happened."""

    page: Page
    width: int
    base: str
    wrong: list[str] = field(default_factory=list)
    bytes: int = 0

    def goes(self, path: str) -> Response:
        """Open a page, wait until it is quiet, look at whether it fits."""
        answer = self.page.goto(self.base + path, wait_until="networkidle")
        assert answer is not None
        if answer.status != 200:
            self.wrong.append(f"{path}: {answer.status}")
        self.fits(path)
        return answer

    def fits(self, path: str) -> None:
        """No page is wider than its screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self.wrong.append(f"{path}: {wide} px wide on a screen of {self.width}")

    def accessible(self) -> list[str]:
        """What shuts somebody out here, as axe finds it."""
        return violations(self.page)


@contextmanager
def walker(
    browser: Browser,
    server: RunningServer,
    role: str = "admin",
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    language: str = "en",
    scripts: bool = True,
) -> Iterator[Walker]:
    """Somebody in a role; "nobody" is not signed in."""
    with browser.new_context(
        viewport={"width": width, "height": HEIGHT[width]},
        color_scheme=scheme,
        locale=language,
        java_script_enabled=scripts,
        has_touch=width < 600,
    ) as context:
        context.add_init_script(_REPORTS)
        if role != "nobody":
            context.add_cookies([{"name": "kizuna", "value": sign_in(server.root, role), "url": server.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        somebody = Walker(page, width, server.url)

        def heard(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                somebody.wrong.append(f"{page.url.removeprefix(server.url)}: {message.text}")

        def came(answer: Response) -> None:
            somebody.bytes += int(answer.headers.get("content-length", 0))

        page.on("console", heard)
        page.on("pageerror", lambda error: somebody.wrong.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: (somebody.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        page.on("response", came)
        yield somebody


def sign_in(root: Path, role: str) -> str:
    """The token of a browser in which somebody of that role is signed in."""
    state = State(root)
    email = f"{role}@example.com"
    with state.session() as session:
        account = accounts.by_email(session, email) or accounts.add(session, email, "Aya Example", role)
        token = logins.begin(session, account)
    state.close()
    return token
