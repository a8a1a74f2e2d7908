"""Who may do what to memberships, as a table."""

import pytest

from app.domain.membership import Actor, Refusal, Standing, may_end_team, refusal
from app.domain.role import Role

MEMBER, ADMIN, OWNER = Standing(Role.MEMBER, True), Standing(Role.ADMIN, True), Standing(Role.OWNER, True)
INVITED, INVITED_OWNER = Standing(Role.MEMBER, False), Standing(Role.OWNER, False)


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (None, INVITED, {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED}),
        (MEMBER, ADMIN, {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED}),
        (ADMIN, MEMBER, {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED}),
        (MEMBER, None, {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED}),
        (
            None,
            INVITED_OWNER,
            {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED, Role.ADMIN: Refusal.OWNER_NEEDED},
        ),
        (
            MEMBER,
            OWNER,
            {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED, Role.ADMIN: Refusal.OWNER_NEEDED},
        ),
        (
            OWNER,
            ADMIN,
            {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED, Role.ADMIN: Refusal.OWNER_NEEDED},
        ),
        (
            OWNER,
            INVITED_OWNER,
            {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED, Role.ADMIN: Refusal.OWNER_NEEDED},
        ),
        (
            OWNER,
            None,
            {None: Refusal.ROLE_NEEDED, Role.MEMBER: Refusal.ROLE_NEEDED, Role.ADMIN: Refusal.OWNER_NEEDED},
        ),
    ],
)
def test_what_each_role_may_do_to_others(
    role: Role | None, before: Standing | None, after: Standing | None, refused: dict[Role | None, Refusal]
) -> None:
    assert refusal(Actor(role, False), before, after, other_owners=1) is refused.get(role)


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize(
    ("before", "after"), [(INVITED, MEMBER), (MEMBER, INVITED), (INVITED, None), (MEMBER, None), (OWNER, None)]
)
def test_everybody_may_accept_and_leave(role: Role | None, before: Standing, after: Standing | None) -> None:
    assert refusal(Actor(role, True), before, after, other_owners=1) is None


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize(("before", "after"), [(None, MEMBER), (INVITED, MEMBER), (INVITED, ADMIN)])
def test_nobody_accepts_for_others(role: Role, before: Standing | None, after: Standing) -> None:
    assert refusal(Actor(role, False), before, after, other_owners=1) is Refusal.CONSENT_NEEDED
    assert refusal(Actor(role, True), before, after, other_owners=1) is None


@pytest.mark.parametrize("role", [None, Role.MEMBER, Role.ADMIN])
def test_nobody_makes_themselves_more(role: Role | None) -> None:
    assert refusal(Actor(role, True), MEMBER, OWNER, other_owners=1) is not None
    assert refusal(Actor(role, True), None, OWNER, other_owners=1) is not None


@pytest.mark.parametrize("after", [None, MEMBER, ADMIN, INVITED_OWNER])
def test_the_last_owner_stays(after: Standing | None) -> None:
    assert refusal(Actor(Role.OWNER, True), OWNER, after, other_owners=0) is Refusal.LAST_OWNER
    assert refusal(Actor(Role.OWNER, True), OWNER, after, other_owners=1) is None


def test_an_owner_who_never_accepted_is_none() -> None:
    assert refusal(Actor(Role.OWNER, False), INVITED_OWNER, None, other_owners=0) is None


@pytest.mark.parametrize("in_team", [None, *Role])
@pytest.mark.parametrize("in_organization", [None, *Role])
def test_who_ends_a_team(in_team: Role | None, in_organization: Role | None) -> None:
    may = in_team is Role.OWNER or in_organization in {Role.ADMIN, Role.OWNER}
    assert may_end_team(in_team, in_organization) is may
