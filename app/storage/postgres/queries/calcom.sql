-- name: imported_ids
-- What earlier imports brought, by list.
SELECT list, array_agg(id) AS ids
FROM (
    SELECT 'users' AS list, id FROM users WHERE from_calcom
    UNION ALL
    SELECT 'schedules', id FROM schedules WHERE from_calcom
    UNION ALL
    SELECT 'organizations', id FROM organizations WHERE from_calcom
    UNION ALL
    SELECT 'teams', id FROM teams WHERE from_calcom
    UNION ALL
    SELECT 'eventTypes', id FROM event_types WHERE from_calcom
) AS imported
GROUP BY list;

-- name: imported_types
SELECT id, before_buffer_minutes, after_buffer_minutes, seats, pending_blocks FROM event_types WHERE from_calcom;

-- name: team_hosts
-- Who may host the imported event types of teams.
SELECT hosting.event_type_id, hosting.user_id, lower(u.email) AS email
FROM (
    SELECT event_type_id, user_id FROM event_type_hosts
    UNION
    SELECT event_type_id, user_id FROM event_type_assignees
    UNION
    SELECT e.id, m.user_id
    FROM event_types AS e
    JOIN memberships AS m ON m.team_id = e.team_id AND m.accepted
    WHERE e.assign_all_members
) AS hosting
JOIN event_types AS e ON e.id = hosting.event_type_id
JOIN users AS u ON u.id = hosting.user_id
WHERE e.from_calcom AND e.team_id IS NOT NULL;

-- name: people
-- All, by every name they have.
SELECT lower(username) AS username, id AS user_id, lower(email) AS email FROM users
UNION
SELECT lower(p.username), u.id, lower(u.email) FROM profiles AS p JOIN users AS u ON u.id = p.user_id;

-- name: remember_left_out
-- What is there and was left out: it does not count as gone.
CREATE TEMPORARY TABLE left_out (table_name text, key text, PRIMARY KEY (table_name, key)) ON COMMIT DROP;

-- name: delete_bookings_of_gone_users
-- Their bookings went with them. One that was handed to somebody else comes again with the rest.
DELETE FROM bookings AS b
USING users AS u
WHERE u.id = b.user_id AND b.from_calcom AND u.from_calcom
    AND NOT EXISTS (SELECT FROM brought_users AS brought WHERE brought.id = u.id)
    AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.table_name = 'users' AND l.key = u.id::text);

-- name: delete_hosts_who_are_gone
-- Of bookings that came with others.
DELETE FROM booking_hosts AS h
USING bookings AS b, users AS u
WHERE b.id = h.booking_id AND u.id = h.host_id AND b.from_calcom AND u.from_calcom
    AND NOT EXISTS (SELECT FROM brought_users AS brought WHERE brought.id = u.id)
    AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.table_name = 'users' AND l.key = u.id::text);

-- name: delete_gone_users
-- Not those who have bookings that were made here.
DELETE FROM users AS there
WHERE there.from_calcom
    AND NOT EXISTS (SELECT FROM brought_users AS brought WHERE brought.id = there.id)
    AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.table_name = 'users' AND l.key = there.id::text)
    AND NOT EXISTS (SELECT FROM bookings AS b WHERE b.user_id = there.id)
    AND NOT EXISTS (SELECT FROM booking_hosts AS h WHERE h.host_id = there.id);

-- name: users_who_stay
SELECT id FROM users AS there
WHERE there.from_calcom
    AND NOT EXISTS (SELECT FROM brought_users AS brought WHERE brought.id = there.id)
    AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.table_name = 'users' AND l.key = there.id::text)
ORDER BY id;

-- name: remember_bookings
CREATE TEMPORARY TABLE seen_bookings (uid text PRIMARY KEY, rescheduled_from text) ON COMMIT DROP;

-- name: lock_batch
-- $1 uids. Nobody else changes these bookings, or who comes to them, until the end.
SELECT id FROM bookings WHERE uid = ANY ($1::text[]) ORDER BY id FOR UPDATE;

-- name: booking_ids
-- $1 uids.
SELECT uid, id FROM bookings WHERE uid = ANY ($1::text[]);

-- name: hosts_there
-- $1 bookings.
SELECT booking_id, host_id, lower(busy_range) AS starts_at, upper(busy_range) AS ends_at
FROM booking_hosts
WHERE booking_id = ANY ($1::bigint[]);

-- name: delete_hosts
-- $1 bookings.
DELETE FROM booking_hosts WHERE booking_id = ANY ($1::bigint[]);

-- name: mark_imported
-- $1 bookings, $2 those among them that share a host's time with others.
UPDATE bookings SET imported = (id = ANY ($2::bigint[]))
WHERE id = ANY ($1::bigint[]) AND imported IS DISTINCT FROM (id = ANY ($2::bigint[]));

-- name: places
-- $1 bookings. Where their attendees stand: those who were imported, in order, and the last one of all.
SELECT
    booking_id,
    COALESCE(array_agg(position ORDER BY position) FILTER (WHERE from_calcom), '{}') AS imported,
    max(position) AS last
FROM booking_attendees
WHERE booking_id = ANY ($1::bigint[])
GROUP BY booking_id;

-- name: delete_gone_attendees
-- $1 bookings, whose attendees are brought.
DELETE FROM booking_attendees AS there
WHERE there.booking_id = ANY ($1::bigint[])
    AND there.from_calcom
    AND NOT EXISTS (
        SELECT FROM brought_booking_attendees AS brought
        WHERE brought.booking_id = there.booking_id AND brought.position = there.position
    );

-- name: delete_gone_bookings
DELETE FROM bookings AS there
WHERE there.from_calcom
    AND NOT EXISTS (SELECT FROM seen_bookings AS seen WHERE seen.uid = there.uid)
    AND NOT EXISTS (SELECT FROM left_out AS l WHERE l.table_name = 'bookings' AND l.key = there.uid);

-- name: link_rescheduled
UPDATE bookings AS there SET rescheduled_from = earlier.id
FROM seen_bookings AS seen
JOIN bookings AS earlier ON earlier.uid = seen.rescheduled_from
WHERE there.uid = seen.uid AND there.rescheduled_from IS DISTINCT FROM earlier.id AND earlier.id <> there.id;

-- name: leave_room
-- Ids given here lie far above those that Cal.com gives meanwhile: what is made there can still come with its own.
SELECT setval(name::regclass, 1000000000)
FROM unnest('{users_id_seq,schedules_id_seq,event_types_id_seq,out_of_office_id_seq,group_ids}'::text[]) AS name
WHERE COALESCE(pg_sequence_last_value(name::regclass), 0) < 1000000000;
