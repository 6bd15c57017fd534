"""The name of a file that is downloaded, safe for a header and for every disk."""

from __future__ import annotations

import re


def attachment(name: str) -> dict[str, str]:
    """The header that has a browser save an answer as `name`: letters, digits, dots and dashes stay, the rest is ``_``.

    Properties and a business's own metrics are called as people like, in any script, with quotes and line ends.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return {"content-disposition": f'attachment; filename="{plain}"'}
