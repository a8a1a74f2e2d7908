-- name: speaks_for
-- $1 user, $2 user or null, $3 organization or null: the caller. $4 team or organization.
-- Whether the caller is the user, or the client that manages them, or there, be it in a team of it, runs an organization
-- that the user belongs to. Nobody speaks for the owner of an organization but another owner. A profile there makes a
-- member.
SELECT
    COALESCE($1::integer = $2::integer, false)
    OR EXISTS (
        SELECT
        FROM organizations AS o
        LEFT JOIN memberships AS theirs ON theirs.organization_id = o.id AND theirs.user_id = $1 AND theirs.accepted
        LEFT JOIN memberships AS mine ON mine.organization_id = o.id AND mine.user_id = $2 AND mine.accepted
        WHERE o.id IN ($4, (SELECT t.parent_organization_id FROM teams AS t WHERE t.id = $4))
            AND (
                theirs.id IS NOT NULL
                OR EXISTS (SELECT FROM profiles AS p WHERE p.organization_id = o.id AND p.user_id = $1)
            )
            AND (
                mine.role = 'OWNER'
                OR (mine.role = 'ADMIN' OR COALESCE(o.id = $3, false)) AND theirs.role IS DISTINCT FROM 'OWNER'
            )
    )
    OR EXISTS (
        SELECT
        FROM users AS u
        JOIN oauth_clients AS c ON c.id = u.managed_by
        WHERE u.id = $1 AND (c.owner_id = $2 OR c.organization_id = $3)
    );

-- name: listed
-- $1 team or organization, $2 one membership or null for all, $3 lower-case e-mail addresses or null for all,
-- $4 how many, $5 how many to skip. An invitation does not show, nor is found by, an address, nor tells of anybody's life.
SELECT
    m.id, m.user_id, COALESCE(m.team_id, m.organization_id) AS group_id, m.role, m.accepted,
    m.disable_impersonation, u.username, u.name, u.avatar_url,
    CASE WHEN m.accepted THEN u.bio END AS bio,
    CASE WHEN m.accepted THEN u.metadata ELSE '{}' END AS metadata,
    CASE WHEN m.accepted THEN u.email END AS email
FROM memberships AS m
JOIN users AS u ON u.id = m.user_id
WHERE (m.team_id = $1 OR m.organization_id = $1)
    AND ($2::bigint IS NULL OR m.id = $2)
    AND ($3::text[] IS NULL OR (m.accepted AND lower(u.email) = ANY ($3)))
ORDER BY m.id
LIMIT $4 OFFSET $5;

-- name: lock_user
-- $1 user. A row if there is one, who is there until the end.
SELECT id FROM users WHERE id = $1 FOR KEY SHARE;

-- name: lock_member
-- $1 membership. Whoever has it is there until the end.
SELECT u.id
FROM memberships AS m
JOIN users AS u ON u.id = m.user_id
WHERE m.id = $1
FOR KEY SHARE OF u;

-- name: is_managed_in_organization
-- $1 team or organization, $2 user. Whether it is an organization and an OAuth client manages the user.
SELECT EXISTS (
    SELECT FROM organizations AS o, users AS u WHERE o.id = $1 AND u.id = $2 AND u.managed_by IS NOT NULL
);

-- name: is_outsider
-- $1 team or organization, $2 user. Whether it is a team of an organization that the user does not belong to.
SELECT EXISTS (
    SELECT
    FROM teams AS t
    WHERE t.id = $1 AND t.parent_organization_id IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM memberships AS m
            WHERE m.organization_id = t.parent_organization_id AND m.user_id = $2 AND m.accepted
        )
        AND NOT EXISTS (
            SELECT FROM profiles AS p WHERE p.organization_id = t.parent_organization_id AND p.user_id = $2
        )
);

-- name: of_user
-- $1 team or organization, $2 user. The membership that they have there.
SELECT id FROM memberships WHERE (team_id = $1 OR organization_id = $1) AND user_id = $2;

-- name: made_under
-- $1 uid. The id of what an earlier try at the same request made.
SELECT id FROM memberships WHERE uid = $1;

-- name: create
-- $1 uid, $2 user, $3 team or null, $4 organization or null, $5 role, $6 accepted, $7 whether impersonation is off.
-- No row where they have one.
INSERT INTO memberships (uid, user_id, team_id, organization_id, role, accepted, disable_impersonation)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: change
-- $1 membership, $2 role, $3 accepted, $4 whether impersonation is off, or null.
UPDATE memberships
SET role = $2, accepted = $3, disable_impersonation = COALESCE($4, disable_impersonation)
WHERE id = $1;

-- name: delete
-- $1 membership.
DELETE FROM memberships WHERE id = $1;

-- name: other_owners
-- $1 team or organization, $2 membership.
SELECT count(*) FROM memberships
WHERE (team_id = $1 OR organization_id = $1) AND id <> $2 AND role = 'OWNER' AND accepted;

-- name: leave_teams
-- $1 organization, $2 user.
DELETE FROM memberships
WHERE user_id = $2 AND team_id IN (SELECT id FROM teams WHERE parent_organization_id = $1);

-- name: stop_hosting
-- $1 team, or organization for all its teams, $2 user. Their own children of a managed event type go too.
WITH left_types AS (
    SELECT e.id
    FROM event_types AS e
    JOIN teams AS t ON t.id = e.team_id
    WHERE t.id = $1 OR t.parent_organization_id = $1
),
hosts AS (
    DELETE FROM event_type_hosts WHERE user_id = $2 AND event_type_id IN (SELECT id FROM left_types)
),
assignees AS (
    DELETE FROM event_type_assignees WHERE user_id = $2 AND event_type_id IN (SELECT id FROM left_types)
)
DELETE FROM event_types WHERE owner_id = $2 AND parent_id IN (SELECT id FROM left_types);

-- name: add_profile
-- $1 organization (nothing happens for a team), $2 user. Where another has their username in it, theirs gets an ending.
INSERT INTO profiles (user_id, organization_id, username)
SELECT u.id, o.id, CASE
    WHEN EXISTS (SELECT FROM profiles AS p WHERE p.organization_id = $1 AND p.username = u.username)
        THEN u.username || '-' || left(u.uid::text, 8)
    ELSE u.username
END
FROM users AS u, organizations AS o
WHERE u.id = $2 AND o.id = $1
ON CONFLICT (user_id, organization_id) DO NOTHING;

-- name: delete_profile
-- $1 organization, $2 user.
DELETE FROM profiles WHERE organization_id = $1 AND user_id = $2;
