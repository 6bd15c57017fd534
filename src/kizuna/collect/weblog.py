"""Access logs in the "combined" format of Apache and nginx.

The visitor's address is never put into a column: it becomes `visitor`, a hash with the workspace's own
salt. Who has the salt and the time to try all addresses can undo the hash; it keeps addresses out of
reports and exports, it does not make the log anonymous.
"""

from __future__ import annotations

from pathlib import Path

from kizuna.collect import delimited, detect
from kizuna.collect.source import ReadOptions, Source, Store, literal

_FIELDS = ("address", "ident", "user", "time", "method", "target", "protocol", "status", "bytes", "referrer", "agent")
_LINE = (
    r'^(\S+) (\S+) (\S+) \[([^\]]+)\] "([A-Z]+) (\S+)(?: (\S+))?" (\d{3}) (\d+|-)'
    r'(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)".*)?$'
)

COLUMNS = (
    "visitor",
    "user",
    "time",
    "method",
    "page",
    "query",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "client",
    "asset",
)
_STATIC = (
    r"(?i)\.(css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|bmp|woff2?|ttf|eot|otf|mp[34]|webm|ogg|avi|mov|pdf|zip|gz|bz2|xz|tgz|tar|"
    r"rar|7z|rpm|deb|jar|exe|dmg|iso|bin|txt|xml|json|rss|atom|csv|swf|c|h|py|rb|sh|pl|diff|patch)$"
)
_BOT = (
    r"(?i)(bot\b|bot[/\-_;]|crawl|spider|slurp|feed|fetch|monitor|preview|scan|curl|wget|python|java/|libwww|perl|ruby|"
    r"go-http|http_?client|archiver|validator|reader|externalhit|tiny ?rss|ahrefs|semrush|pingdom|headless)"
)
_MOBILE = r"(?i)(mobile|iphone|ipod|android.*mobile|windows phone|blackberry|opera mini)"
_TABLET = r"(?i)(ipad|tablet|kindle|silk/|android)"

PRESET = {
    "occurred_at": "time",
    "name": "CASE WHEN client = 'bot' THEN 'Bot Requested' "
    "WHEN method = 'GET' AND status >= '200' AND status < '400' AND asset = 'no' THEN 'Page Viewed' "
    "ELSE 'File Requested' END",
    "anonymous_id": "visitor",
    "page": "page",
    "referrer": "referrer",
    "status": "status",
    "element": "method",
    "source": "CASE WHEN client = 'bot' THEN 'bot' ELSE 'access log' END",
    "device": "CASE WHEN client = 'bot' THEN NULL ELSE client END",
    "channel": "'web'",
}
"""How a log becomes events, in the same form as ``--map``."""


def read(store: Store, path: Path, options: ReadOptions, scratch: Path, salt: bytes) -> Source:
    """An access log as ``_source`` with `COLUMNS`; other lines go to ``_unparsed``."""
    encoding = options.encoding or detect.encoding_of(path)
    text = delimited.as_utf8(path, encoding, scratch)
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE _raw AS SELECT rowid_line AS line_no, line, "
        f"regexp_extract(line, {literal(_LINE)}, [{', '.join(map(literal, _FIELDS))}]) AS f FROM ("
        f"SELECT row_number() OVER () AS rowid_line, line FROM read_csv({literal(str(text))}, auto_detect=false, "
        "compression='none', header=false, "
        "delim='\x01', quote='', escape='', columns={'line': 'VARCHAR'}, null_padding=true, ignore_errors=false)) "
        "WHERE line IS NOT NULL"
    )
    store.execute(
        "INSERT INTO _unparsed SELECT line_no, 'not a line of the combined log format', "
        "'not a line of the combined log format', to_json({'line': line}) FROM _raw WHERE f.status = ''"
    )
    page = "split_part(f.target, '?', 1)"
    store.execute(
        "CREATE OR REPLACE TEMP TABLE _source AS SELECT line_no, "
        f"substr(sha256({literal(salt.hex())} || f.address), 1, 32) AS visitor, nullif(f.user, '-') AS \"user\", "
        'f.time AS "time", f.method AS method, '
        f"{page} AS page, nullif(split_part(f.target, '?', 2), '') AS query, f.status AS status, "
        "nullif(f.bytes, '-') AS bytes, nullif(nullif(f.referrer, '-'), '') AS referrer, "
        "nullif(nullif(f.agent, '-'), '') AS user_agent, "
        f"CASE WHEN f.agent IN ('', '-') OR regexp_matches(f.agent, {literal(_BOT)}) THEN 'bot' "
        f"WHEN regexp_matches(f.agent, {literal(_MOBILE)}) THEN 'mobile' "
        f"WHEN regexp_matches(f.agent, {literal(_TABLET)}) THEN 'tablet' ELSE 'desktop' END AS client, "
        f"CASE WHEN regexp_matches({page}, {literal(_STATIC)}) THEN 'yes' ELSE 'no' END AS asset "
        "FROM _raw WHERE f.status <> ''"
    )
    return Source("_source", dict.fromkeys(COLUMNS, "VARCHAR"), "weblog", {"encoding": encoding}, preset=PRESET)
