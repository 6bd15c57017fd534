"""What customers write, in Japanese, Danish and English, by how they feel and what about.

The sentences are few and plain on purpose: they are data to find topics and feelings in.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kizuna.demo.chance import Bools, Ints, Rng
from kizuna.demo.files import words

BAD, MIXED, GOOD = range(3)
GENERAL, HELP, DELIVERY = range(3)

_SENTENCES: dict[tuple[int, int], tuple[tuple[str, ...], ...]] = {
    (BAD, GENERAL): (
        (
            "値段が高すぎます。",
            "アプリが使いにくいです。",
            "お茶の味が期待外れでした。",
            "また解約するかもしれません。",
        ),
        (
            "Det er blevet for dyrt.",
            "Appen er besværlig at bruge.",
            "Teen smagte ikke af noget.",
            "Jeg overvejer at opsige.",
        ),
        (
            "It has become too expensive.",
            "The app is hard to use.",
            "The tea was a disappointment.",
            "I may cancel soon.",
        ),
    ),
    (BAD, HELP): (
        (
            "返事が来るまで何日も待たされました。",
            "対応が遅すぎます。",
            "同じ説明を三回もしました。",
            "問題がまだ解決していません。",
        ),
        (
            "Jeg ventede i dagevis på et svar.",
            "Hjælpen er alt for langsom.",
            "Jeg måtte forklare det tre gange.",
            "Det er stadig ikke løst.",
        ),
        (
            "I waited for days for an answer.",
            "Support is far too slow.",
            "I had to explain it three times.",
            "It is still not solved.",
        ),
    ),
    (BAD, DELIVERY): (
        ("配送がとても遅れました。", "荷物がどこにあるのか誰も分かりませんでした。", "箱が壊れて届きました。"),
        ("Pakken kom meget for sent.", "Ingen vidste, hvor pakken var.", "Æsken var ødelagt, da den kom."),
        ("The parcel came far too late.", "Nobody knew where my parcel was.", "The box arrived broken."),
    ),
    (MIXED, GENERAL): (
        ("普通です。", "お茶は良いですが、少し高いです。", "種類がもっと欲しいです。"),
        ("Det er helt fint.", "God te, men lidt dyr.", "Jeg savner flere slags."),
        ("It is fine.", "Good tea, but a bit expensive.", "I would like more variety."),
    ),
    (MIXED, HELP): (
        ("解決しましたが、時間がかかりました。", "丁寧でしたが、返事が遅かったです。"),
        ("Det blev løst, men det tog tid.", "Venlig hjælp, men svaret var længe undervejs."),
        ("It was solved, but it took a while.", "Friendly, but the answer was slow."),
    ),
    (MIXED, DELIVERY): (
        ("届きましたが、一日遅れました。", "梱包がもう少し丁寧だと嬉しいです。"),
        ("Pakken kom en dag for sent.", "Indpakningen kunne være bedre."),
        ("The parcel was a day late.", "The packaging could be better."),
    ),
    (GOOD, GENERAL): (
        ("お茶がとても美味しいです。", "毎月届くのが楽しみです。", "友人にも勧めました。", "注文が簡単で助かります。"),
        (
            "Teen er fantastisk.",
            "Jeg glæder mig til pakken hver måned.",
            "Jeg har anbefalet jer til venner.",
            "Det er nemt at bestille.",
        ),
        (
            "The tea is wonderful.",
            "I look forward to the box every month.",
            "I told my friends about you.",
            "Ordering is easy.",
        ),
    ),
    (GOOD, HELP): (
        ("すぐに返事をいただけて嬉しかったです。", "とても親切に対応してくれました。", "一回の連絡で解決しました。"),
        ("Jeg fik svar med det samme.", "Meget venlig og dygtig hjælp.", "Det blev løst i første hug."),
        ("I got an answer at once.", "Very kind and competent help.", "Solved at the first try."),
    ),
    (GOOD, DELIVERY): (
        ("配送が早くて驚きました。", "梱包がきれいでした。"),
        ("Hurtig levering, tak.", "Flot pakket ind."),
        ("Fast delivery, thank you.", "Beautifully packed."),
    ),
}


def _laid_out() -> tuple[list[str], Ints, Ints]:
    """All sentences in a row, with the first one and the number of each (feeling, topic, language)."""
    flat: list[str] = []
    first, count = np.zeros((3, 3, 3), dtype=np.int64), np.zeros((3, 3, 3), dtype=np.int64)
    for (feeling, topic), languages in _SENTENCES.items():
        for language, sentences in enumerate(languages):
            first[feeling, topic, language], count[feeling, topic, language] = len(flat), len(sentences)
            flat.extend(sentences)
    return flat, first, count


_FLAT, _FIRST, _COUNT = _laid_out()


def comments(rng: Rng, written: Bools, feeling: Ints, topic: Ints, language: Ints) -> pa.Array:
    """A sentence in each row where something was written; languages are ja, da, en (0, 1, 2)."""
    first, count = (of[feeling, topic, language] for of in (_FIRST, _COUNT))
    place = first + (rng.random(len(feeling)) * count).astype(np.int64)
    return words(np.where(written, place, -1), _FLAT)
