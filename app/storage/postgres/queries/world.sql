-- name: has_data
-- Everything else hangs on one of these.
SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM organizations) OR EXISTS (SELECT FROM teams);

-- name: empty
-- Deleted, not truncated: that would keep every reader waiting until the end of the load. Whoever books meanwhile is kept
-- waiting, as nobody can refer to a user before the end. What is not named hangs on what is.
LOCK TABLE users IN EXCLUSIVE MODE;
DELETE FROM webhook_deliveries;
DELETE FROM webhooks;
DELETE FROM booking_requests;
DELETE FROM bookings;
DELETE FROM event_types;
DELETE FROM oauth_clients;
DELETE FROM teams;
DELETE FROM organizations;
DELETE FROM users;

-- name: lock_bookings
-- Between looking for overlaps and writing, nobody else books.
LOCK TABLE booking_hosts IN SHARE ROW EXCLUSIVE MODE;

-- name: known_users
SELECT id, username, lower(email) AS email
FROM users
WHERE id = ANY ($1::integer[]) OR username = ANY ($2::text[]) OR lower(email) = ANY ($3::text[]);

-- name: known_schedules
SELECT id FROM schedules WHERE id = ANY ($1::integer[]);

-- name: known_organizations
SELECT id, slug FROM organizations WHERE id = ANY ($1::integer[]) OR slug = ANY ($2::text[]);

-- name: known_profiles
SELECT organization_id, user_id, username
FROM profiles
WHERE user_id = ANY ($1::integer[]) OR username = ANY ($2::text[]);

-- name: known_teams
SELECT id, parent_organization_id, slug FROM teams WHERE id = ANY ($1::integer[]) OR slug = ANY ($2::text[]);

-- name: known_memberships
SELECT COALESCE(team_id, organization_id) AS team_id, user_id FROM memberships WHERE user_id = ANY ($1::integer[]);

-- name: known_event_types
SELECT id, owner_id, team_id, slug, before_buffer_minutes, after_buffer_minutes, seats, pending_blocks
FROM event_types
WHERE id = ANY ($1::integer[]) OR slug = ANY ($2::text[]);

-- name: known_bookings
SELECT uid FROM bookings WHERE uid = ANY ($1::text[]);

-- name: known_absences
SELECT id FROM out_of_office WHERE id = ANY ($1::integer[]);

-- name: known_tokens
SELECT secret_hash FROM credentials WHERE secret_hash = ANY ($1::bytea[]);

-- name: known_oauth_clients
SELECT id FROM oauth_clients WHERE id = ANY ($1::text[]);

-- name: new_booking_ids
SELECT nextval('bookings_id_seq') FROM generate_series(1, $1::integer);

-- name: occupations
-- $1 hosts, $2 and $3 a stretch. What takes the hosts' time there.
SELECT
    h.booking_id, h.host_id, lower(h.busy_range) AS starts_at, upper(h.busy_range) AS ends_at, h.overlap_group,
    b.starts_at AS seat_starts_at, e.id AS seated_type_id
FROM booking_hosts AS h
JOIN bookings AS b ON b.id = h.booking_id
LEFT JOIN event_types AS e ON e.id = b.event_type_id AND e.seats IS NOT NULL
WHERE h.host_id = ANY ($1::integer[]) AND h.busy_range && tstzrange($2, $3);

-- name: take_out_groups
-- $1 groups that become part of others. Their rows come back, to be written anew: changed in place, a row would clash
-- with its neighbour that has not been changed yet.
DELETE FROM booking_hosts WHERE overlap_group = ANY ($1::bigint[])
RETURNING booking_id, host_id, busy_range, overlap_group;

-- name: continue_ids
-- Ids that are given from now on follow those that were brought along.
SELECT
    (SELECT setval('users_id_seq', max(id)) FROM users HAVING max(id) >= (SELECT last_value FROM users_id_seq)),
    (
        SELECT setval('schedules_id_seq', max(id)) FROM schedules
        HAVING max(id) >= (SELECT last_value FROM schedules_id_seq)
    ),
    (
        SELECT setval('event_types_id_seq', max(id)) FROM event_types
        HAVING max(id) >= (SELECT last_value FROM event_types_id_seq)
    ),
    (
        SELECT setval('out_of_office_id_seq', max(id)) FROM out_of_office
        HAVING max(id) >= (SELECT last_value FROM out_of_office_id_seq)
    ),
    (
        SELECT setval('group_ids', max(id))
        FROM (SELECT id FROM teams UNION ALL SELECT id FROM organizations) AS groups
        HAVING max(id) >= (SELECT last_value FROM group_ids)
    );

-- name: analyze
ANALYZE users, event_types, bookings, booking_attendees, booking_hosts, busy_times;
