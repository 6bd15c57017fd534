"""Who did what is kept, and found again."""

from __future__ import annotations

from kizuna.store.state import audit
from kizuna.store.state.database import State


def test_entries_come_newest_first_and_page_by_page(state: State) -> None:
    with state.session() as session:
        for number in range(7):
            audit.write(session, "aya@example.com", "customer.seen", str(number), {"number": number})
    with state.session() as session:
        first = audit.entries(session, limit=4)
        rest = audit.entries(session, before=first[-1].id)
        assert [each.subject for each in (*first, *rest)] == list("6543210")
        assert first[0].detail == {"number": 6}


def test_entries_are_found_by_who_did_what_to_whom(state: State) -> None:
    with state.session() as session:
        audit.write(session, "aya@example.com", "customer.seen", "7")
        audit.write(session, "bo@example.com", "customer.seen", "7")
        audit.write(session, "bo@example.com", "signed_in")
        assert len(audit.entries(session, who="bo@example.com")) == 2
        assert len(audit.entries(session, action="customer.seen", subject="7")) == 2
        assert audit.names(session) == (["aya@example.com", "bo@example.com"], ["customer.seen", "signed_in"])


def test_an_entry_belongs_to_the_transaction_of_what_it_is_about(state: State) -> None:
    try:
        with state.session() as session:
            audit.write(session, "aya@example.com", "role.changed")
            raise RuntimeError
    except RuntimeError:
        pass
    with state.session() as session:
        assert audit.entries(session) == []


def test_what_is_too_long_for_its_column_is_cut(state: State) -> None:
    with state.session() as session:
        audit.write(session, "a" * 999, "b" * 999, "c" * 999, address="d" * 999)
    with state.session() as session:
        (only,) = audit.entries(session)
        assert (len(only.who), len(only.action), len(only.subject), len(only.address)) == (260, 60, 300, 64)
