"""The few words that tables and charts need, in every language the catalogue has."""

from __future__ import annotations

LANGUAGES = ("en", "ja", "da")

_WORDS: dict[str, tuple[str, str, str]] = {
    "no data": ("no data", "データなし", "ingen data"),
    "not known": ("(not known)", "（不明）", "(ukendt)"),
    "better": ("better", "改善", "bedre"),
    "worse": ("worse", "悪化", "værre"),
    "real change": ("real change", "有意な変化", "reel ændring"),
    "not sure": ("not sure", "判断できない", "usikkert"),
    "too early": ("too early to say", "まだ判断できない", "for tidligt at sige"),
    "not tested": ("not tested", "検定なし", "ikke testet"),
    "no change": ("no change", "変化なし", "uændret"),
    "no comparison": ("no comparison", "比較なし", "ingen sammenligning"),
    "to": (" to ", "～", " til "),
    "points": ("points", "ポイント", "procentpoint"),
    "period": ("period", "期間", "periode"),
    "metric": ("metric", "指標", "metrik"),
    "value": ("value", "値", "værdi"),
    "interval": ("interval", "区間", "interval"),
    "people": ("people", "人数", "personer"),
    "rows": ("rows", "件数", "rækker"),
    "change": ("change", "変化", "ændring"),
    "notes": ("notes", "注記", "noter"),
    "data until": ("data until", "データ最終日", "data til og med"),
    "rows behind": ("{rows} rows", "{rows}件", "{rows} rækker"),
    "filter": ("filter", "絞り込み", "filter"),
    "definition": ("definition", "定義", "definition"),
    "everything": ("everything", "全体", "alt"),
    "by": ("by", "内訳", "fordelt på"),
    "latest": ("latest", "最新", "seneste"),
    "compared with none": ("not compared", "比較なし", "ikke sammenlignet"),
    "compared with previous": ("compared with the period before", "前の期間と比較", "sammenlignet med perioden før"),
    "compared with year": ("compared with a year earlier", "前年同期と比較", "sammenlignet med året før"),
    "moved": (
        "{moved} of {asked} metrics moved beyond chance",
        "{asked}個の指標のうち{moved}個が偶然を超えて変化",
        "{moved} af {asked} metrikker ændrede sig mere end tilfældigt",
    ),
    "adjusted": ("Holm-adjusted, {alpha}", "Holm補正、{alpha}", "Holm-justeret, {alpha}"),
    "what changed": ("What really changed", "本当に変わったこと", "Hvad der virkelig ændrede sig"),
    "sentence": (
        "{name} {change}, to {value} ({verdict})",
        "{name} {change}、{value}（{verdict}）",
        "{name} {change}, til {value} ({verdict})",
    ),
    "explain hint": (
        "kizuna explain METRIC shows how one is defined and computed",
        "kizuna explain METRIC で定義と計算方法を表示",
        "kizuna explain METRIC viser definition og beregning",
    ),
    "nothing moved": (
        "Nothing moved beyond chance.",
        "偶然を超えた変化はありません。",
        "Intet ændrede sig mere end tilfældigt.",
    ),
    "waiting": ("No data yet", "まだデータのない指標", "Endnu ingen data"),
    "collect": (
        "Or collect: kizuna serve takes in what happens, kizuna tag is for web pages.",
        "収集もできます：kizuna serve で受け取り、ウェブページには kizuna tag。",
        "Eller indsaml: kizuna serve tager imod det, der sker, og kizuna tag er til websider.",
    ),
    "quiet now": ("No data in {period}", "{period}のデータがない指標", "Ingen data i {period}"),
    "begun": (
        "Data in {period}, which is not over",
        "{period}（途中）にデータがある指標",
        "Data i {period}, som ikke er slut",
    ),
    "so far": (
        "kizuna measure METRIC --every {every} shows what there is so far",
        "kizuna measure METRIC --every {every} でここまでの値を表示",
        "kizuna measure METRIC --every {every} viser, hvad der er indtil nu",
    ),
    "last": ("last {period}", "最終{period}", "senest {period}"),
    "shown of": ("{shown} of {all} shown", "{all}件中{shown}件を表示", "{shown} af {all} vist"),
    "target": ("target", "目標", "mål"),
    "benchmark": ("benchmark", "ベンチマーク", "benchmark"),
    "dashed": ("Dashed: from {period}", "破線：{period}から", "Stiplet: fra {period}"),
    "interval band": ("{level} interval", "{level}区間", "{level}-interval"),
    "line chart": ("Line chart of {names}", "{names}の折れ線グラフ", "Kurvediagram over {names}"),
    "dot chart": ("Dot chart of {names}", "{names}のドットプロット", "Punktdiagram over {names}"),
    "feedback": ("Feedback", "フィードバック", "Feedback"),
    "customers": ("Customers, loyalty, money", "顧客・ロイヤルティ・収益", "Kunder, loyalitet, penge"),
    "support": ("Support", "サポート", "Support"),
    "web": ("Web and app", "ウェブとアプリ", "Web og app"),
    "messages": ("E-mail and messages", "メールとメッセージ", "E-mail og beskeder"),
    "social": ("Links, ads, social", "リンク・広告・ソーシャル", "Links, annoncer, sociale medier"),
    "engagement": ("Engagement", "エンゲージメント", "Engagement"),
}

_FLAGS: dict[str, tuple[str, str, str]] = {
    "small_base": ("few people", "少人数", "få personer"),
    "few_units": ("too few for a sure interval", "確かな区間には少なすぎる", "for få til et sikkert interval"),
    "few_people": ("not shown: too few people", "少人数のため非表示", "ikke vist: for få personer"),
    "partial_period": ("data does not reach the end", "期間の終わりまでデータがない", "data når ikke til slutningen"),
    "partial_comparison": ("compared with a part", "比較期間が不完全", "sammenlignet med en del"),
    "no_sampling": ("a reading, not a sample", "標本ではなく実測値", "en aflæsning, ikke en stikprøve"),
    "mixed_scale": ("several scales pooled", "尺度が混在", "flere skalaer lagt sammen"),
    "revenue_for_margin": ("revenue, margin unknown", "粗利不明のため売上", "omsætning, avance ukendt"),
    "unknown_opens": ("some opens may be machines'", "機械による開封を含む可能性", "nogle åbninger kan være maskiners"),
    "immature": ("window not over yet", "観察期間が未完了", "vinduet er ikke slut endnu"),
}


def word(key: str, language: str = "en", **parts: object) -> str:
    """A word or sentence in a language (English where there is no other); `parts` fill its gaps."""
    texts = _WORDS.get(key)
    text = key if texts is None else texts[_column(language)]
    return text.format(**parts) if parts else text


def flag(name: str, language: str = "en") -> str:
    """What a record's flag says, in a few words; an unknown flag is shown by its name."""
    texts = _FLAGS.get(name)
    return name.replace("_", " ") if texts is None else texts[_column(language)]


def pick(texts: object, language: str) -> str:
    """The text of a `{language: text}` table, falling back to English, then to any; a plain text is itself."""
    if not isinstance(texts, dict):
        return str(texts)
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


def _column(language: str) -> int:
    return LANGUAGES.index(language) if language in LANGUAGES else 0
