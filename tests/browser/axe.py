"""What on a page shuts people out, as axe-core finds it: WCAG 2.2 at level AA, and axe's best practice.

axe runs in the page as somebody with a debugger would run it, so a page's own policy does not keep it out. It looks
into open shadow roots. Where scripts are switched off it cannot wait, so it looks at pages that let scripts run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from playwright.sync_api import Page

from clients.installed import node_modules

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = [*WCAG, "best-practice"]


@cache
def _axe() -> str:
    return (node_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, only: str = "", rules: Sequence[str] = RULES, strict: bool = False) -> list[str]:
    """Every rule that the page breaks, where and how; none is left out. `only` is a selector of the part looked at.

    With `strict` a contrast that cannot be made out counts as too low.
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_axe())
    found = page.evaluate(
        "([part, rules]) => axe.run(part || document, { runOnly: rules, resultTypes: ['violations', 'incomplete'] })",
        [only, [*rules]],
    )
    unsure = [rule for rule in found["incomplete"] if strict and rule["id"] == "color-contrast"]
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in (*found["violations"], *unsure)
        for node in rule["nodes"]
    ]
