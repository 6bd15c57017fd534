"""How one request's page is made: whose language, colours and scope, and what all templates can use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect

from kizuna.locale.texts import nearest, say
from kizuna.show.reading import Reader
from kizuna.show.survey.pages import LANGUAGE_NAMES
from kizuna.show.web.hub import Hub
from kizuna.show.web.scope import Scope, read_scope
from kizuna.show.web.statics import address
from kizuna.show.web.who import NOBODY, Role, Who, who_of
from kizuna.show.words import LANGUAGES, word
from kizuna.store.state import segments

THEMES = ("light", "dark")
LANGUAGE_COOKIE, THEME_COOKIE = "language", "theme"
"""What a browser is told to keep of what was chosen in it; neither says who somebody is."""

_YEAR = 365 * 86_400


@cache
def environment() -> Environment:
    """The templates. All that is put into them is escaped, and what is missing raises."""
    made = Environment(
        loader=PackageLoader("kizuna.show", "templates/web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    made.globals |= {"static": address, "language_name": lambda code: LANGUAGE_NAMES.get(code, code)}
    return made


class View:
    """One request, and how to answer it with a page.

    `language` is one of en, ja, da; `theme` light, dark, or empty for as the browser likes it. The `scope` is
    worked out when first looked at and raises `QuestionError` where the address asks for what is not there.
    """

    def __init__(
        self, hub: Hub, who: Who, language: str, theme: str, path: str, query: Mapping[str, str] | None = None
    ) -> None:
        self.hub, self.who, self.language, self.theme = hub, who, language, theme
        self.path, self.query = path, query or {}
        self._scope: Scope | None = None

    @classmethod
    def of(cls, request: Request[Any, Any, Any], hub: Hub) -> View:
        who = who_of(request)
        query = {name: value for name, value in request.query_params.items() if isinstance(value, str)}
        return cls(hub, who, _language(request, query, who, hub), _theme(request, who), request.url.path, query)

    @property
    def scope(self) -> Scope:
        if self._scope is None:
            with self.hub.state.session() as session:
                conditions = segments.conditions(session)
            self._scope = read_scope(self.query, self.hub.last_day(), self.hub.settings, conditions)
        return self._scope

    @property
    def reader(self) -> Reader:
        """Numbers, periods and names in the reader's language."""
        settings = self.hub.settings
        return Reader(self.language, settings.currency, 0.95, "all", settings.zone)

    def say(self, key: str, **parts: object) -> str:
        """A sentence of ``locale/web``: ``say("overview.title")`` is ``title`` in ``overview.toml``."""
        file, _, name = key.partition(".")
        return say(f"web/{file}", name, self.language, **parts)

    def word(self, key: str, **parts: object) -> str:
        """A word that tables and charts use as well."""
        return word(key, self.language, **parts)

    def link(self, path: str, **more: object) -> str:
        """An address that keeps period, comparison and segment."""
        return self.scope.link(path, **more)

    def may(self, role: Role) -> bool:
        return self.who.may(role)

    def render(self, template: str, **parts: Any) -> str:
        """A template filled; it has `view` and `say` besides `parts`."""
        return environment().get_template(f"{template}.html").render(view=self, say=self.say, **parts)

    def page(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **parts: Any
    ) -> Response[str]:
        """A page: ``page("overview", cards=…)`` fills ``templates/web/overview.html``."""
        told = {"content-language": self.language, **(headers or {})}
        chosen = [chosen_cookie(LANGUAGE_COOKIE, self.language)] if self.query.get("lang") == self.language else []
        text = self.render(template, **parts)
        return Response(text, status_code=status, media_type="text/html", headers=told, cookies=chosen)

    def redirect(self, path: str, said: str = "") -> Redirect:
        """Go on to a page after something was done; `said` is a key of ``common.toml`` that is shown there."""
        mark = "&" if "?" in path else "?"
        return Redirect(path + (mark + urlencode({"said": said}) if said else ""), status_code=303)

    @property
    def said(self) -> str:
        """What the page before has done, in a sentence; empty where there is none."""
        try:
            return self.say(f"common.said_{self.query['said']}") if self.query.get("said") else ""
        except KeyError:
            return ""

    @property
    def periods(self) -> Sequence[tuple[str, str]]:
        """The periods to choose from: word in the address, and what it is called."""
        from kizuna.show.web.scope import NAMED

        named = [(name, self.say(f"common.period_{name.replace('-', '_')}")) for name in NAMED]
        mine = self.scope.period
        return named if mine in NAMED else [(mine, self.period_name), *named]

    @property
    def period_name(self) -> str:
        """The scope's days as people write them."""
        from kizuna.show.period import period

        return period(self.scope.since, self.scope.until, language=self.language)

    @property
    def segments(self) -> Sequence[tuple[str, str]]:
        """The segments to choose from: name and title."""
        with self.hub.state.session() as session:
            return [(each.name, each.title) for each in segments.all_of(session)]

    @property
    def languages(self) -> Sequence[tuple[str, str]]:
        return [(code, LANGUAGE_NAMES[code]) for code in LANGUAGES]


def chosen_cookie(name: str, value: str) -> Cookie:
    """What a browser keeps for a year of what was chosen in it; an empty value has it forgotten."""
    return Cookie(name, value=value, max_age=_YEAR if value else 0, path="/", httponly=True, samesite="lax")


def provide_view(request: Request[Any, Any, Any], hub: NamedDependency[Hub]) -> View:
    """The view, for handlers that ask for ``view: View``."""
    return View.of(request, hub)


def _language(request: Request[Any, Any, Any], query: Mapping[str, str], who: Who, hub: Hub) -> str:
    """The language asked for in the address, chosen here before, of the account, the browser, or the business."""
    accepted = [each.partition(";")[0].strip() for each in request.headers.get("accept-language", "").split(",")]
    wanted = [query.get("lang", ""), request.cookies.get(LANGUAGE_COOKIE, ""), who.language, *accepted]
    found = (nearest(each, LANGUAGES) for each in wanted if each)
    return next((each for each in found if each), None) or nearest(str(hub.settings.languages[0]), LANGUAGES) or "en"


def _theme(request: Request[Any, Any, Any], who: Who) -> str:
    chosen = who.theme if who is not NOBODY and who.theme else request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""
