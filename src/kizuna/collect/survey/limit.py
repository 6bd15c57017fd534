"""How often something may happen: a bucket that fills up again (Turner 1986, New directions in communications)."""

from __future__ import annotations

from collections import OrderedDict

_HOUR = 3_600_000_000


class Limit:
    """At most `burst` at once and `an_hour` in the long run, for each name by itself. Kept in memory only.

    Of more than `names` names the one not heard of for longest is forgotten, which lets it begin anew.
    """

    def __init__(self, an_hour: float, burst: int, names: int = 10_000) -> None:
        self._rate, self._burst, self._names = an_hour / _HOUR, float(burst), names
        self._left: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, name: str, now: int) -> bool:
        """Whether it may happen once more; `now` in microseconds."""
        left, last = self._left.pop(name, (self._burst, now))
        left = min(self._burst, left + max(0, now - last) * self._rate)
        may = left >= 1
        self._left[name] = (left - 1 if may else left, max(now, last))
        if len(self._left) > self._names:
            self._left.popitem(last=False)
        return may
