"""Rules in, mails out: who is asked after what, who is not and why not."""

from __future__ import annotations

from act.town import Town


def test_a_resolved_ticket_is_asked_about(place: Town) -> None:
    place.survey("after", delay_hours=2)
    place.customer("ann")
    place.ticket("t1", "ann", hours_ago=1, agent="kim", team="first")
    assert place.look().planned == []
    plan = place.look(hours=1)
    assert [(each.to, each.why) for each in plan.planned] == [("ann@example.com", "")]
    assert [each.outcome for each in plan.mailed] == ["sent"]
    assert place.to == ["ann"]
    assert place.look(hours=1).planned == []
    assert place.to == ["ann"]
    assert place.shop.get("survey_invitation", "customer_id, survey, rule, ticket_id, agent, team, state") == [
        ("ann", "after", "ticket_resolved", "t1", "kim", "first", "sent")
    ]
