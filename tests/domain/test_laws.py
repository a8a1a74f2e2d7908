from hypothesis import given, settings
from tests.domain import oracle
from tests.domain.situations import Situation, situations

@given(situations(most_hosts=1))
@settings(max_examples=2000)
def test_the_listing_of_one_host_is_what_a_slow_reading_of_the_rules_lists(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(
        oracle.Question(
            event_type=situation.staffed.event_type,
            host=situation.staffed.hosts[0],
            zone=situation.staffed.zone,
            busy=situation.busy,
            length=situation.length,
            now=situation.now,
            window=situation.window,
            rescheduling=situation.rescheduling,
        )
    )
