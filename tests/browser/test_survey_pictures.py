"""The pictures of surveys in the guides, taken of the real pages: ``KIZUNA_PICTURES=write`` (``make pictures``) writes them.

Otherwise they are taken all the same, to see that each page still comes to where its picture was taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from browser.test_surveys import link_of, server
from browser.visitor import Scheme, Visitor, Width, visitor
from server import RunningServer

__all__ = ["server"]

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLACE = DOCS / "images" / "surveys"
WRITE = os.environ.get("KIZUNA_PICTURES") == "write"
MOST_BYTES = 64_000


class Picture(NamedTuple):
    """What is shown on which screen (or, `whole`, beyond it), and how one comes there from a link."""

    name: str
    survey: str
    language: str
    width: Width
    scheme: Scheme
    come: Callable[[Visitor], None]
    query: str = ""
    whole: bool = True


def as_it_is(somebody: Visitor) -> None:
    pass


def nine(somebody: Visitor) -> None:
    somebody.answers({"nps": "9"})


def four(somebody: Visitor) -> None:
    somebody.answers({"csat": "4"})


def first_two(somebody: Visitor) -> None:
    somebody.answers({"effort": "4", "empathy": "2"})


def stars(somebody: Visitor) -> None:
    somebody.answers({"csat": "4", "comment": "Hurtig levering, og teen er god."})
    somebody.sends()


def sent(somebody: Visitor) -> None:
    somebody.page.locator("dl.answers").wait_for()


def tampered(somebody: Visitor) -> None:
    somebody.page.goto(somebody.page.url.replace("?", "A?"))


PICTURES = [
    Picture("nps", "nps", "en", 1280, "light", nine, whole=False),
    Picture("csat-faces", "csat_faces", "ja", 360, "light", four),
    Picture("cxi", "cxi", "da", 360, "dark", first_two, whole=False),
    Picture("thanks", "csat_stars", "da", 360, "light", stars),
    Picture("one-tap", "loop", "en", 360, "light", sent, "&score=3"),
    Picture("refused", "nps", "en", 360, "light", tampered),
]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda each: each.name)
def test_a_picture_is_of_the_page(picture: Picture, browser: Browser, server: RunningServer) -> None:
    link = f"{link_of(server, picture.survey, f'picture-{picture.name}')}?lang={picture.language}{picture.query}"
    with visitor(browser, "mouse", picture.width, picture.scheme) as somebody:
        somebody.goes(link)
        picture.come(somebody)
        somebody.page.mouse.move(0, 0)
        taken = somebody.page.screenshot(animations="disabled", full_page=picture.whole)
    assert somebody.wrong == []
    assert len(taken) <= MOST_BYTES
    file = PLACE / f"{picture.name}.png"
    if WRITE:
        PLACE.mkdir(parents=True, exist_ok=True)
        file.write_bytes(taken)
    assert file.is_file(), "run `make pictures`"


def test_each_picture_stands_in_a_guide() -> None:
    guides = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "guides").glob("*.md"))
    assert [each.name for each in PICTURES if f"images/surveys/{each.name}.png" not in guides] == []
    assert {file.stem for file in PLACE.glob("*.png")} == {each.name for each in PICTURES}
