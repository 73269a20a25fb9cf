from datetime import datetime

import pytest

from courier.scheduling import CronExpression, expand_field


def test_steps_and_lists() -> None:
    assert expand_field("*/20,5", 0, 59) == {0, 5, 20, 40}


def test_the_next_working_day() -> None:
    friday_evening = datetime(2026, 3, 6, 18, 0)
    assert CronExpression.parse("30 9 * * 1-5").next_after(friday_evening) == datetime(2026, 3, 9, 9, 30)


@pytest.mark.parametrize("text", ["* * * *", "60 * * * *", "5-1 * * * *"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        CronExpression.parse(text)
