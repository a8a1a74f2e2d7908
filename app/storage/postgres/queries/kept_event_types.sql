-- name: described
-- $1 event types.
-- One JSON array: each with its row, its hosts in order, its limits, and whom it belongs to and is hosted by. A managed
-- type's child has the parent's team.
SELECT COALESCE(json_agg(json_build_object(
    'row', to_jsonb(e),
    'hosts', (
        SELECT json_agg(to_jsonb(h) ORDER BY h.position)
        FROM event_type_hosts AS h
        WHERE h.event_type_id = e.id
    ),
    'limits', (
        SELECT json_agg(
            json_build_array(l.counts, l.period, l.most)
            ORDER BY array_position(ARRAY['day', 'week', 'month', 'year'], l.period)
        )
        FROM booking_limits AS l
        WHERE l.event_type_id = e.id
    ),
    'owner', (
        SELECT json_build_object('id', u.id, 'username', u.username, 'name', u.name, 'organizations', (
            SELECT json_agg(p.organization_id ORDER BY p.organization_id)
            FROM profiles AS p
            WHERE p.user_id = u.id
        ))
        FROM users AS u
        WHERE u.id = e.owner_id
    ),
    'team', (
        SELECT json_build_object(
            'id', t.id, 'slug', t.slug, 'name', t.name, 'organization', t.parent_organization_id
        )
        FROM teams AS t
        WHERE t.id = COALESCE(e.team_id, parent.team_id)
    ),
    'staff', (
        SELECT json_agg(
            json_build_object('id', u.id, 'username', u.username, 'name', u.name) ORDER BY staff.position, u.id
        )
        FROM (
            SELECT h.user_id, h.position FROM event_type_hosts AS h WHERE h.event_type_id = e.id
            UNION ALL
            SELECT a.user_id, a.position
            FROM event_type_assignees AS a
            WHERE a.event_type_id = e.id
                AND NOT EXISTS (SELECT FROM event_type_hosts AS h WHERE h.event_type_id = e.id)
            UNION ALL
            SELECT m.user_id, 0
            FROM memberships AS m
            WHERE e.assign_all_members AND m.team_id = e.team_id AND m.accepted
                AND NOT EXISTS (SELECT FROM event_type_hosts AS h WHERE h.event_type_id = e.id)
                AND NOT EXISTS (SELECT FROM event_type_assignees AS a WHERE a.event_type_id = e.id)
            UNION ALL
            -- Of a managed type that was brought along, only the children tell whose it is.
            SELECT child.owner_id, 0
            FROM event_types AS child
            WHERE child.parent_id = e.id AND NOT e.assign_all_members
                AND NOT EXISTS (SELECT FROM event_type_hosts AS h WHERE h.event_type_id = e.id)
                AND NOT EXISTS (SELECT FROM event_type_assignees AS a WHERE a.event_type_id = e.id)
        ) AS staff
        JOIN users AS u ON u.id = staff.user_id
    )
)), '[]')
FROM event_types AS e
LEFT JOIN event_types AS parent ON parent.id = e.parent_id
WHERE e.id = ANY($1::integer[]);

-- name: ids_of_person
-- $1 user, $2 slug or null, $3 whether hidden ones too, $4 whether the last made first, $5 how many or null, $6 after
-- how many.
SELECT id
FROM event_types
WHERE owner_id = $1 AND ($2::text IS NULL OR slug = $2) AND ($3 OR NOT hidden)
ORDER BY CASE WHEN $4 THEN -id ELSE id END
LIMIT $5 OFFSET $6;

-- name: ids_of_team
-- $1 team, and as ids_of_person.
SELECT id
FROM event_types
WHERE team_id = $1 AND ($2::text IS NULL OR slug = $2) AND ($3 OR NOT hidden)
ORDER BY CASE WHEN $4 THEN -id ELSE id END
LIMIT $5 OFFSET $6;

-- name: ids_of_organization
-- $1 organization, and as ids_of_person.
SELECT e.id
FROM teams AS t
JOIN event_types AS e ON e.team_id = t.id
WHERE t.parent_organization_id = $1 AND ($2::text IS NULL OR e.slug = $2) AND ($3 OR NOT e.hidden)
ORDER BY CASE WHEN $4 THEN -e.id ELSE e.id END
LIMIT $5 OFFSET $6;

-- name: ids_of_children
-- $1 managed event type.
SELECT id
FROM event_types
WHERE parent_id = $1
ORDER BY id;

-- name: user_named
-- $1 username, $2 organization's slug or null, $3 organization's id or null. Without an organization only people in no
-- organization are looked at, with one only the names people have inside it.
SELECT u.id
FROM users AS u
WHERE $2::text IS NULL AND $3::integer IS NULL AND u.username = $1
    AND NOT EXISTS (SELECT FROM profiles AS p WHERE p.user_id = u.id)
UNION ALL
SELECT p.user_id
FROM profiles AS p
JOIN organizations AS o ON o.id = p.organization_id
WHERE num_nonnulls($2::text, $3::integer) > 0 AND p.username = $1
    AND ($2::text IS NULL OR o.slug = $2) AND ($3::integer IS NULL OR o.id = $3);

-- name: has_team
-- $1 team, $2 organization or null for any.
SELECT EXISTS (SELECT FROM teams WHERE id = $1 AND ($2::integer IS NULL OR parent_organization_id = $2));

-- name: team_of
-- $1 event type. Its team, which is always the same one.
SELECT team_id FROM event_types WHERE id = $1;

-- name: lock
-- $1 event type.
SELECT id
FROM event_types
WHERE id = $1
FOR UPDATE;

-- name: lock_managed
-- $1 team. Its managed event types that are assigned to all its members.
SELECT id
FROM event_types
WHERE team_id = $1 AND scheduling_type = 'managed' AND assign_all_members
ORDER BY id
FOR UPDATE;

-- name: schedule_of_owner
-- $1 schedule, $2 user or null, $3 team or null. A row if it is the user's, or that of an accepted member of the team;
-- it stays so until the transaction ends.
SELECT s.id
FROM schedules AS s
WHERE s.id = $1
    AND (s.owner_id = $2 OR s.owner_id IN (SELECT m.user_id FROM memberships AS m WHERE m.team_id = $3 AND m.accepted))
FOR KEY SHARE;

-- name: members
-- $1 team, $2 users or null for all. Who of them are accepted members; they stay so until the transaction ends.
SELECT user_id
FROM memberships
WHERE team_id = $1 AND accepted AND ($2::integer[] IS NULL OR user_id = ANY($2))
ORDER BY user_id
FOR SHARE;

-- name: lock_owner
-- $1 person or null, $2 team or null.
WITH person AS (
    SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
),
team AS (
    SELECT id FROM teams WHERE id = $2 FOR NO KEY UPDATE
)
SELECT id FROM person UNION ALL SELECT id FROM team;

-- name: count_of_owner
-- $1 person or null, $2 team or null. How many event types they have.
SELECT count(*) FROM event_types WHERE owner_id = $1 OR team_id = $2;

-- name: insert
-- $1 users or null, $2 team or null, $3 parent or null, $4 the settings: a JSON object of values by column.
-- One event type for every user or, without users, one for the team.
INSERT INTO event_types (
    owner_id, team_id, parent_id, slug, title, description, scheduling_type, length_minutes, lengths_offered,
    slot_interval_minutes, offset_start_minutes, minimum_notice_minutes, before_buffer_minutes, after_buffer_minutes,
    seats, seats_show_attendees, seats_show_left, only_first_slot, optimized_slots, schedule_id, confirmation_type,
    confirmation_notice_unit, confirmation_notice_count, pending_blocks, hidden, assign_all_members, subset_enabled,
    booking_window_type, booking_window_days, booking_window_rolling, booking_window_first, booking_window_last,
    booking_fields, locations, more
)
SELECT
    one.owner_id, $2, $3, s.slug, s.title, s.description, s.scheduling_type, s.length_minutes, s.lengths_offered,
    s.slot_interval_minutes, s.offset_start_minutes, s.minimum_notice_minutes, s.before_buffer_minutes,
    s.after_buffer_minutes, s.seats, s.seats_show_attendees, s.seats_show_left, s.only_first_slot, s.optimized_slots,
    s.schedule_id, s.confirmation_type, s.confirmation_notice_unit, s.confirmation_notice_count, s.pending_blocks,
    s.hidden, s.assign_all_members, s.subset_enabled, s.booking_window_type, s.booking_window_days,
    s.booking_window_rolling, s.booking_window_first, s.booking_window_last, s.booking_fields, s.locations, s.more
FROM jsonb_populate_record(NULL::event_types, $4::jsonb) AS s
CROSS JOIN unnest(COALESCE($1::integer[], ARRAY[NULL::integer])) AS one (owner_id)
RETURNING id;

-- name: update
-- $1 event types, $2 the settings as in insert, $3 whether each keeps its schedule.
UPDATE event_types AS e
SET (
    slug, title, description, scheduling_type, length_minutes, lengths_offered, slot_interval_minutes,
    offset_start_minutes, minimum_notice_minutes, before_buffer_minutes, after_buffer_minutes, seats,
    seats_show_attendees, seats_show_left, only_first_slot, optimized_slots, schedule_id, confirmation_type,
    confirmation_notice_unit, confirmation_notice_count, pending_blocks, hidden, assign_all_members, subset_enabled,
    booking_window_type, booking_window_days, booking_window_rolling, booking_window_first, booking_window_last,
    booking_fields, locations, more
) = (
    s.slug, s.title, s.description, s.scheduling_type, s.length_minutes, s.lengths_offered, s.slot_interval_minutes,
    s.offset_start_minutes, s.minimum_notice_minutes, s.before_buffer_minutes, s.after_buffer_minutes, s.seats,
    s.seats_show_attendees, s.seats_show_left, s.only_first_slot, s.optimized_slots,
    CASE WHEN $3 THEN e.schedule_id ELSE s.schedule_id END, s.confirmation_type,
    s.confirmation_notice_unit, s.confirmation_notice_count, s.pending_blocks, s.hidden, s.assign_all_members,
    s.subset_enabled, s.booking_window_type, s.booking_window_days, s.booking_window_rolling, s.booking_window_first,
    s.booking_window_last, s.booking_fields, s.locations, s.more
)
FROM jsonb_populate_record(NULL::event_types, $2::jsonb) AS s
WHERE e.id = ANY($1::integer[]);

-- name: forget_hosts
-- $1 event type.
DELETE FROM event_type_hosts WHERE event_type_id = $1;

-- name: insert_hosts
-- $1 a JSON array of hosts, each an object of values by column.
INSERT INTO event_type_hosts SELECT * FROM jsonb_populate_recordset(NULL::event_type_hosts, $1::jsonb);

-- name: forget_assignees
-- $1 event type.
DELETE FROM event_type_assignees WHERE event_type_id = $1;

-- name: forget_limits
-- $1 event types.
DELETE FROM booking_limits WHERE event_type_id = ANY($1::integer[]);

-- name: insert_limits
-- $1 event types; $2, $3, $4 what each limit counts, its period and the most.
INSERT INTO booking_limits (event_type_id, counts, period, most)
SELECT e.id, l.counts, l.period, l.most
FROM unnest($1::integer[]) AS e (id)
CROSS JOIN unnest($2::text[], $3::text[], $4::integer[]) AS l (counts, period, most);

-- name: remove_children_of_others
-- $1 managed event type, $2 its hosts.
DELETE FROM event_types WHERE parent_id = $1 AND owner_id <> ALL($2::integer[]);

-- name: owners_of_children
-- $1 managed event type.
SELECT owner_id FROM event_types WHERE parent_id = $1;

-- name: remove
-- $1 event type.
DELETE FROM event_types WHERE id = $1 RETURNING id;
