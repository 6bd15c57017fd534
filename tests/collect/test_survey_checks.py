"""What can be wrong with a survey file: told with the file, the question, what was meant, and the way out."""

from __future__ import annotations

import pytest

from kizuna.collect.survey.checks import METRIC_SCALES, cautions
from kizuna.collect.survey.question import YES
from kizuna.collect.survey.survey import read_survey
from kizuna.errors import SettingError
from kizuna.measure.catalogue import Catalogue
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

ASKED = """
instrument = "nps"
{}
"""
OWN = """
[[question]]
id = "mood"
low = 1
high = 5
text.en = "How do you like it?"
[[question]]
id = "why"
kind = "choice"
text.en = "Why?"
options = [ {{ id = "price", text.en = "The price" }}, {{ id = "help", text.en = "The help" }} ]
{}
"""

WRONG = [
    # keys and words
    (ASKED, 'chanels = ["web"]', "surveys/s.toml: there is no key 'chanels'. Did you mean 'channels'?"),
    (ASKED, "sample = 0.5", "there is no key 'sample'. It belongs under [when]."),
    (ASKED, "colour = 1", "there is no key 'colour'. The keys are instrument, about"),
    (ASKED, 'channels = ["emal"]', "channels cannot be 'emal'. Did you mean 'email'?"),
    (ASKED, 'state = "on"', "state cannot be 'on'. It is one of draft, active, paused."),
    (ASKED, '[when]\nafter = "tiket_resolved"', "when: after cannot be 'tiket_resolved'. Did you mean 'ticket_resolved'?"),
    (ASKED, "[when]\nsampel = 1", "when: there is no key 'sampel'. Did you mean 'sample'?"),
    (ASKED, "[close_loop]\nonlyif = {}", "close_loop: there is no key 'onlyif'. Did you mean 'only_if'?"),
    (ASKED, 'title = "Hello"', 'title: expected a table, such as { en = "…" }; it is text.'),
    (
        ASKED,
        '[[question]]\nid = "x"\ntext.en = "x"\nkind = "choice"\noptions = ["a"]',
        'question \'x\': options: expected a table, such as { id = "…", text = { en = "…" } }; it is text.',
    ),
    (ASKED, '[when]\nsample = "all"', "when: sample: expected a number; it is text."),
    (OWN, 'stile = "stars"', "question 'why': there is no key 'stile'. Did you mean 'style'?"),
    (OWN, '[[question]]\nid = "x"\nlow = 1', "question 'x': text is missing."),
    (OWN, '[[question]]\ntext.en = "x"', "question 3 has no id."),
    ("state =", "", "is not valid TOML"),
    ('state = "draft"', "", "it asks nothing. Name an instrument"),
    (ASKED, 'anonymous = true\n[when]\nafter = "page"', "would keep who was shown it beside the time"),
    # questions
    (OWN, '[[question]]\nid = "mood"\ntext.en = "Again?"', "two questions have the id 'mood'."),
    (OWN, '[[question]]\nid = "a b"\ntext.en = "x"\nkind = "text"', "question 'a b': that cannot be an id."),
    (OWN, '[[question]]\nid = "x"\ntext.en = "  "\nkind = "text"', "question 'x': text is empty."),
    (OWN, '[[question]]\nid = "x"\ntext = {}\nkind = "text"', "question 'x': text is empty."),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nlow = 5\nhigh = 1', "a scale from 5 to 1 has no answers."),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nlow = 0\nhigh = 100', "has 101 answers. At most 21"),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nlow = 1\nhigh = 3\nlabels.4.en = "y"', "labels names '4'"),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nkind = "text"\nlabels.4.en = "y"', "of the kind text. Set kind"),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nkind = "choice"', "question 'x' is a choice without options."),
    (OWN, '[[question]]\nid = "x"\ntext.en = "x"\nkind = "text"\nmax_length = 0', "max_length = 0 leaves no room."),
    (
        OWN,
        '[[question]]\nid = "x"\ntext.en = "x"\nkind = "choice"\n'
        'options = [ { id = "a", text.en = "A" }, { id = "a", text.en = "B" } ]',
        "two options have the id 'a'.",
    ),
    (OWN, '[[question]]\nid = "nps"\ntext.en = "x"\nkind = "text"', "its metrics need answers on a scale"),
    (OWN, '[[question]]\nid = "visitor_intent"\ntext.en = "x"\nlow = 1\nhigh = 5', "its metrics need a choice"),
    # conditions
    (OWN, "only_if = { moood = 3 }", "question 'why': only_if: there is no question 'moood'. Did you mean 'mood'?"),
    (OWN, 'only_if = { comment = "x" }', "question 'why': only_if: 'comment' is asked after it. It is one of mood."),
    (OWN, 'only_if = { why = "price" }', "only_if depends on its own answer."),
    (OWN, "only_if = { mood = 6 }", 'only_if: mood = 6 is no answer to it. The answers are 1 to 5; 5, [1, 2] or "1..5".'),
    (OWN, 'only_if = { mood = "0..2" }', 'only_if: mood = "0..2" is no answer'),
    (OWN, 'only_if = { mood = "3..1" }', 'only_if: mood = "3..1" is no answer'),
    (OWN, "only_if = { mood = [] }", "only_if: mood = [] never holds."),
    (OWN, "only_if = { mood = [1, 9] }", "only_if: mood = 9 is no answer"),
    (
        OWN,
        '[[question]]\nid = "x"\ntext.en = "x"\nkind = "text"\nonly_if = { why = "prize" }',
        "only_if: why = \"prize\" is no answer to it. Did you mean 'price'?",
    ),
    (
        OWN,
        '[[question]]\nid = "y"\ntext.en = "x"\nkind = "yes_no"\n'
        '[[question]]\nid = "x"\ntext.en = "x"\nkind = "text"\nonly_if = { y = true }',
        f"only_if: y = true is no answer to it. Did you mean {YES!r}?",
    ),
    (ASKED, "[close_loop]\nonly_if = { npss = 3 }", "close_loop: only_if: there is no question 'npss'."),
    (ASKED, "[close_loop]\nonly_if = { nps = 11 }", "close_loop: only_if: nps = 11 is no answer to it."),
    (ASKED, '[close_loop]\nonly_if = { comment = "bad" }', "comment is answered in words"),
    # languages
    (ASKED, 'title.jp = "x"', "title: 'jp' is no language's code. Did you mean 'ja'?"),
    (ASKED, 'languages = ["EN"]', "languages: 'EN' is no language's code. Did you mean 'en'?"),
    (ASKED, 'languages = ["english"]', "'english' is no language's code. Use codes such as en"),
    (ASKED, 'languages = ["en", "de"]', "question 'nps' has no text in 'de', which languages names."),
    # when
    (ASKED, "channels = []", "channels is empty."),
    (ASKED, 'channels = ["email"]\n[when]\nafter = "page"', 'Write channels = ["email", "web"].'),
    (ASKED, 'channels = ["web"]\n[when]\nafter = "order"', "when: after = 'order' asks by mail"),
    (ASKED, '[when]\nafter = "event"', 'after = "event" needs its name'),
    (ASKED, '[when]\nevent = "Trial Ended"', "event is named, and after is not event"),
    (ASKED, '[when]\nafter = "order"\ndelay_hours = 80', "after 80 hours and within 72. Set within_hours above"),
    (ASKED, "[when]\nsample = 1.5", "when: sample = 1.5 is not a share."),
    (ASKED, "[when]\ndelay_hours = -1", "when: delay_hours = -1 is no length of time."),
    (ASKED, "change_hours = -1", "change_hours = -1 is no length of time."),
    (ASKED, "remind_days = inf", "remind_days = inf is no length of time."),
    (ASKED, "remind_days = nan", "remind_days = nan is no length of time."),
    (ASKED, "[close_loop]\nhours = -2", "close_loop: hours = -2 is no length of time."),
    (ASKED, "expires_days = 0", "with expires_days = 0 no link could be answered."),
    (ASKED, '[when]\nwhere = "tier ="', "when: where: 'tier =' cannot be read"),
    (ASKED, '[when]\nwhere = "tier; DROP TABLE task"', "when: where: "),
    (ASKED, '[when]\nwhere = "tier + 1"', "is not a condition."),
    (ASKED, 'weight_by = ["tier", "country", "tier"]', "weight_by names 'tier' twice."),
]  # fmt: skip


@pytest.mark.parametrize(("form", "written", "said"), WRONG, ids=[said[-60:] for *_, said in WRONG])
def test_what_is_wrong_is_told_with_the_file_and_the_way_out(form: str, written: str, said: str) -> None:
    text = form if form in ("state =", 'state = "draft"') else form.format(written)
    with pytest.raises(SettingError) as raised:
        read_survey("s", text, "surveys/s.toml")
    assert raised.value.what.startswith("surveys/s.toml")
    assert raised.value.next_step
    assert said in str(raised.value)


RIGHT = [
    (ASKED, "[close_loop]\nonly_if = { nps = [0, 1, \"2..6\"] }"),
    (ASKED, 'title = { en = "x", "pt-BR" = "y", "zh-Hant" = "z" }'),
    (ASKED, '[when]\nafter = "signup"\ndays = 30\nevery_days = 180\nwhere = "tier = \'gold\' AND country IN (\'JP\', \'DK\')"'),
    (OWN, 'only_if = { mood = "1..2" }'),
]  # fmt: skip


@pytest.mark.parametrize(("form", "written"), RIGHT)
def test_what_is_right_passes_without_a_word(form: str, written: str) -> None:
    assert cautions(read_survey("s", form.format(written), "surveys/s.toml")) == []


CAUTIONS = [
    ('instrument = "csat"\n[[question]]\nid = "csat"\nhigh = 4\nlabels = {}', "takes answers on 1..5 or 0..5"),
    ('instrument = "csat"\naudience = "employee"', "none of its metrics is of employees"),
    ('instrument = "employee_satisfaction"\naudience = "customer"', "none of its metrics is of customers"),
    ('instrument = "nps"\nanonymous = true\n[close_loop]\n', "close_loop never raises a task here"),
    ('instrument = "nps"\nanonymous = true\nweight_by = ["tier"]', "weight_by has no effect here"),
    ('instrument = "nps"\nanonymous = true\nopen = true', "can answer more than once"),
    ('instrument = "nps"\n[when]\nsample = 1.0\nwhere = "tier = 1"', "where has no effect"),
    ('instrument = "nps"\nremind_days = 30', "Nobody is reminded"),
    ('instrument = "nps"\n[when]\nafter = "order"\nsample = 0', "asks nobody"),
]


@pytest.mark.parametrize(("text", "said"), CAUTIONS, ids=[said for _, said in CAUTIONS])
def test_what_may_surprise_is_said_and_allowed(text: str, said: str) -> None:
    assert [said in each for each in cautions(read_survey("s", text, "surveys/s.toml"))] == [True]


SCALES = [(id, audience, scale) for (id, audience), scales in METRIC_SCALES.items() for scale in scales]


@pytest.mark.parametrize(("id", "audience", "scale"), SCALES)
def test_the_scales_of_known_questions_are_those_their_metrics_take(id: str, audience: str, scale: str) -> None:
    """A row with such an answer is counted by a metric of that question; on another scale it is not."""
    store = DuckDBStore(":memory:", Settings({}))
    catalogue = Catalogue(Settings({}))
    bases = [
        m.base for m in catalogue.values() if m.kind in ("share", "net", "mean") and f"question = '{id}'" in m.base
    ]
    ends, _, low_good = scale.partition(" ")
    low, _, high = ends.partition("..")
    counted = []
    for wanted, top in ((scale, high), (scale.replace(f"..{high}", f"..{int(high) + 1}"), str(int(high) + 1))):
        row = (
            f"SELECT '{id}' AS question, {low} AS scale_low, {top} AS scale_high, '{wanted}' AS scale, {top} AS score,"
            f" '{low_good or 'high_good'}' AS direction, 'complete' AS status, '{audience}' AS audience, NULL AS choice"
        )
        # averages that are given apart for each scale take any
        narrow = [base for base in bases if "scale" in base]
        counted.append(any(store.execute(f"SELECT * FROM ({row}) WHERE {base}") for base in narrow))
    store.close()
    assert counted[0]
    assert not counted[1] or f"{low}..{int(high) + 1}" in METRIC_SCALES[id, audience]


def test_a_name_that_the_widget_has() -> None:
    with pytest.raises(SettingError, match="a survey cannot be called 'ask'"):
        read_survey("ask", ASKED.format(""), "surveys/ask.toml")
