"""Charts as files, drawn on this machine: nothing is fetched from anywhere."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from kizuna.errors import KizunaError, did_you_mean

SUFFIXES = (".svg", ".png", ".html", ".json")
VERSION = "6.4"
EXPORTS = "window.vegaEmbed = vegaEmbed;"


def write(spec: dict[str, Any], path: Path | str) -> None:
    """Write a Vega-Lite specification as .svg, .png, .html or .json."""
    file = Path(path)
    content = rendered(spec, suffix_of(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content, encoding="utf-8")


def suffix_of(file: Path) -> str:
    """The form a file's name asks for; raises for one that charts cannot have."""
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        near = did_you_mean(suffix, SUFFIXES)
        hint = f"Did you mean {near}?" if near else f"Use one of {', '.join(SUFFIXES)}."
        raise KizunaError(f"A chart cannot be written as {file.name!r}.", hint)
    return suffix


def rendered(spec: dict[str, Any], suffix: str) -> str | bytes:
    """A specification as the content of a file with `suffix`: text, or bytes of a PNG."""
    if suffix == ".json":
        return json.dumps(spec, ensure_ascii=False, indent=2) + "\n"
    if suffix == ".html":
        return page(spec)
    import vl_convert

    if suffix == ".png":
        return bytes(vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=2, allowed_base_urls=[]))
    return str(vl_convert.vegalite_to_svg(spec, vl_version=VERSION, allowed_base_urls=[]))


def page(spec: dict[str, Any]) -> str:
    """A page that works without a network: the chart, the libraries that draw it, and its description.

    The specification goes into a script element, so ``<`` is written as an escape: no label can end
    the element.
    """
    import vl_convert

    bundle = vl_convert.javascript_bundle(EXPORTS, VERSION).replace("</script", "<\\/script")
    data = json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")
    described = html.escape(str(spec.get("description", "")))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{described}</title>
<style>body{{margin:2rem;font-family:Inter,system-ui,sans-serif}}</style></head>
<body><figure id="chart" role="img" aria-label="{described}"></figure>
<script type="module">{bundle}</script>
<script type="module">vegaEmbed("#chart", {data}, {{renderer: "svg", actions: false, ast: true}});</script>
</body></html>
"""
