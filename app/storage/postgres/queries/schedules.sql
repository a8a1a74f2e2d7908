-- name: of_user
-- $1 user. Ids in the order the schedules were made.
SELECT id FROM schedules WHERE owner_id = $1 ORDER BY made;

-- name: of_team
-- $1 team, $2 a member or null, $3 an event type or null, $4 how many, $5 how many to skip.
-- Ids of the members' schedules: of all members or that one, or of those among them who host the event type.
SELECT s.id
FROM memberships AS m
JOIN schedules AS s ON s.owner_id = m.user_id
WHERE m.team_id = $1 AND m.accepted
    AND ($2::integer IS NULL OR m.user_id = $2)
    AND ($3::integer IS NULL OR EXISTS (
        SELECT
        FROM event_types AS e
        WHERE e.id = $3 AND CASE
            WHEN EXISTS (SELECT FROM event_type_hosts AS h WHERE h.event_type_id = e.id)
                THEN EXISTS (SELECT FROM event_type_hosts AS h WHERE h.event_type_id = e.id AND h.user_id = m.user_id)
            WHEN EXISTS (SELECT FROM event_type_assignees AS a WHERE a.event_type_id = e.id)
                THEN EXISTS (
                    SELECT FROM event_type_assignees AS a WHERE a.event_type_id = e.id AND a.user_id = m.user_id
                )
            ELSE e.assign_all_members AND e.team_id = m.team_id
        END
    ))
ORDER BY s.owner_id, s.made
LIMIT $4 OFFSET $5;

-- name: of_organization
-- $1 organization, $2 how many, $3 how many to skip. Ids of the members' schedules.
SELECT s.id
FROM schedules AS s
WHERE s.owner_id IN (
    SELECT m.user_id FROM memberships AS m WHERE m.organization_id = $1 AND m.accepted
    UNION
    SELECT p.user_id FROM profiles AS p WHERE p.organization_id = $1
)
ORDER BY s.owner_id, s.made
LIMIT $2 OFFSET $3;

-- name: default_of
-- $1 user. The id of the schedule that the user's hours come from where nothing names another; null without any.
SELECT default_schedule_of(u) FROM users AS u WHERE u.id = $1;

-- name: details
-- $1 ids. A row for each that there is, in that order.
SELECT
    s.id, s.owner_id, s.name, s.time_zone,
    COALESCE(s.id = default_schedule_of(u), false) AS is_default,
    NOT EXISTS (SELECT FROM schedules AS other WHERE other.owner_id = s.owner_id AND other.id <> s.id) AS is_last,
    (
        SELECT json_agg(json_build_array(h.weekdays, h.start_minute, h.end_minute) ORDER BY h.position)
        FROM schedule_hours AS h
        WHERE h.schedule_id = s.id
    ) AS hours,
    (
        SELECT json_agg(json_build_array(o.date, o.start_minute, o.end_minute) ORDER BY o.position)
        FROM schedule_overrides AS o
        WHERE o.schedule_id = s.id
    ) AS overrides
FROM unnest($1::integer[]) WITH ORDINALITY AS asked (id, position)
JOIN schedules AS s ON s.id = asked.id
JOIN users AS u ON u.id = s.owner_id
ORDER BY asked.position;

-- name: lock_owner
-- $1 user. A row if there is one. Two writes to one person's schedules take turns.
SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE;

-- name: made_under
-- $1 uid. The id of what an earlier try at the same request made.
SELECT id FROM schedules WHERE uid = $1;

-- name: create
-- $1 uid, $2 owner, $3 name, $4 time zone.
INSERT INTO schedules (uid, owner_id, name, time_zone) VALUES ($1, $2, $3, $4) RETURNING id;

-- name: change
-- $1 schedule, $2 owner, $3 name or null, $4 time zone or null. A row if the owner has it.
UPDATE schedules
SET name = COALESCE($3, name), time_zone = COALESCE($4, time_zone)
WHERE id = $1 AND owner_id = $2
RETURNING id;

-- name: delete
-- $1 schedule, $2 owner. A row if the owner had it.
DELETE FROM schedules WHERE id = $1 AND owner_id = $2 RETURNING id;

-- name: name_default
-- $1 owner, $2 schedule or null.
UPDATE users SET default_schedule_id = $2 WHERE id = $1;

-- name: mark_default
-- $1 owner, $2 schedule or null. The mark goes from every other.
UPDATE schedules SET is_default = NOT is_default WHERE owner_id = $1 AND is_default <> COALESCE(id = $2, false);

-- name: delete_hours
DELETE FROM schedule_hours WHERE schedule_id = $1;

-- name: add_hours
INSERT INTO schedule_hours (schedule_id, position, weekdays, start_minute, end_minute) VALUES ($1, $2, $3, $4, $5);

-- name: delete_overrides
DELETE FROM schedule_overrides WHERE schedule_id = $1;

-- name: add_overrides
INSERT INTO schedule_overrides (schedule_id, position, date, start_minute, end_minute) VALUES ($1, $2, $3, $4, $5);
