"""Recurring messages: a five-field cron expression and the moments at which it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIELD_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@dataclass(frozen=True)
class CronExpression:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> CronExpression:
        fields = text.split()
        if len(fields) != len(FIELD_RANGES):
            raise ValueError(f"a cron expression has five fields, not {len(fields)}")
        return cls(*(expand_field(field, *limits) for field, limits in zip(fields, FIELD_RANGES, strict=True)))

    def matches(self, moment: datetime) -> bool:
        weekday = (moment.weekday() + 1) % 7  # cron counts from Sunday
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.day in self.days
            and moment.month in self.months
            and weekday in self.weekdays
        )

    def next_after(self, moment: datetime) -> datetime:
        """The first due minute later than `moment`, at most four years ahead."""
        candidate = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for _ in range(4 * 366 * 24 * 60):
            if self.matches(candidate):
                return candidate
            candidate += timedelta(minutes=1)
        raise ValueError("the expression is never due")


def expand_field(field: str, low: int, high: int) -> frozenset[int]:
    """The numbers that `*`, `5`, `1-5`, `*/15` and lists of these stand for."""
    numbers: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if span == "*" else int(first)
        end = high if span == "*" else int(last or first)
        if not low <= start <= end <= high:
            raise ValueError(f"{part!r} is outside {low}-{high}")
        numbers.update(range(start, end + 1, int(step or 1)))
    return frozenset(numbers)
