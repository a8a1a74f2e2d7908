-- name: user_event_type
-- $1 slug, $2 username, $3 organization's slug or null.
-- One row: the organization, the person and the event type, each null where there is none of the name. Without an
-- organization only people in no organization are looked at, with one only the names people have inside it.
SELECT organization.id AS organization_id, person.id AS user_id, event_type.id AS event_type_id
FROM (SELECT 1) AS one
LEFT JOIN organizations AS organization ON organization.slug = $3
LEFT JOIN LATERAL (
    SELECT u.id
    FROM users AS u
    WHERE $3::text IS NULL AND u.username = $2
        AND NOT EXISTS (SELECT FROM profiles AS p WHERE p.user_id = u.id)
    UNION ALL
    SELECT p.user_id
    FROM profiles AS p
    WHERE p.organization_id = organization.id AND p.username = $2
) AS person ON true
LEFT JOIN event_types AS event_type ON event_type.owner_id = person.id AND event_type.slug = $1;

-- name: team_event_type
-- $1 slug, $2 team's slug, $3 organization's slug or null.
-- One row: the organization, the team and the event type, each null where there is none of the name. Without an
-- organization only teams of none are looked at, with one only its own.
SELECT organization.id AS organization_id, team.id AS team_id, event_type.id AS event_type_id
FROM (SELECT 1) AS one
LEFT JOIN organizations AS organization ON organization.slug = $3
LEFT JOIN teams AS team
    ON team.slug = $2
    AND CASE WHEN $3::text IS NULL
        THEN team.parent_organization_id IS NULL
        ELSE team.parent_organization_id = organization.id
    END
LEFT JOIN event_types AS event_type ON event_type.team_id = team.id AND event_type.slug = $1;

-- name: people_named
-- $1 usernames, $2 organization's slug or null.
-- A row for every name, in the order given: the organization and the person, each null where there is none.
SELECT organization.id AS organization_id, person.id AS user_id
FROM unnest($1::text[]) WITH ORDINALITY AS asked (username, position)
LEFT JOIN organizations AS organization ON organization.slug = $2
LEFT JOIN LATERAL (
    SELECT u.id
    FROM users AS u
    WHERE $2::text IS NULL AND u.username = asked.username
        AND NOT EXISTS (SELECT FROM profiles AS p WHERE p.user_id = u.id)
    UNION ALL
    SELECT p.user_id
    FROM profiles AS p
    WHERE p.organization_id = organization.id AND p.username = asked.username
) AS person ON true
ORDER BY asked.position;

-- name: rules
-- $1 event type or null, $2 further people.
-- One JSON document: the event type with its limits, its hosts in order, the accepted members of its team, the schedules that it and
-- its hosts name, and everybody who may host it, the further people too, with their default schedules, travels and
-- absences.
WITH asked AS MATERIALIZED (
    SELECT * FROM event_types WHERE id = $1
),
host_rows AS MATERIALIZED (
    SELECT * FROM event_type_hosts WHERE event_type_id = $1
),
assignees AS MATERIALIZED (
    SELECT position, user_id FROM event_type_assignees WHERE event_type_id = $1
),
members AS MATERIALIZED (
    SELECT m.user_id
    FROM memberships AS m
    JOIN asked ON m.team_id = asked.team_id
    WHERE m.accepted
),
people AS MATERIALIZED (
    SELECT
        u.*,
        -- The one named, else the one marked, else the first made (docs/rules.md 2).
        COALESCE(u.default_schedule_id, (
            SELECT s.id FROM schedules AS s WHERE s.owner_id = u.id ORDER BY s.is_default DESC, s.made LIMIT 1
        )) AS schedule_id
    FROM users AS u
    WHERE u.id = ANY (ARRAY(
        SELECT unnest($2::integer[])
        UNION SELECT owner_id FROM asked
        UNION SELECT user_id FROM host_rows
        UNION SELECT user_id FROM assignees
        UNION SELECT user_id FROM members WHERE (SELECT assign_all_members FROM asked)
    ))
),
limiting_team AS (
    -- Its own team or, of a managed type's child, the parent's, where that counts children too.
    SELECT t.id, t.include_managed_events_in_limits AS with_managed
    FROM asked
    LEFT JOIN event_types AS parent ON parent.id = asked.parent_id
    JOIN teams AS t ON t.id = COALESCE(parent.team_id, asked.team_id)
    WHERE asked.parent_id IS NULL OR t.include_managed_events_in_limits
),
named AS (
    SELECT schedule_id AS id FROM asked
    UNION SELECT schedule_id FROM host_rows
),
needed AS (
    SELECT id FROM named
    UNION SELECT schedule_id FROM people
)
SELECT json_build_object(
    'eventType', (
        SELECT json_build_object(
            'id', asked.id,
            'title', COALESCE(asked.title, asked.slug),
            'scheduling', asked.scheduling_type,
            'ownerId', asked.owner_id,
            'teamId', asked.team_id,
            'length', asked.length_minutes,
            'lengths', asked.lengths_offered,
            'slotInterval', asked.slot_interval_minutes,
            'offsetStart', asked.offset_start_minutes,
            'minimumNotice', asked.minimum_notice_minutes,
            'beforeBuffer', asked.before_buffer_minutes,
            'afterBuffer', asked.after_buffer_minutes,
            'seats', asked.seats,
            'onlyFirstSlot', asked.only_first_slot,
            'optimizedSlots', asked.optimized_slots,
            'scheduleId', asked.schedule_id,
            'assignAllMembers', asked.assign_all_members,
            'subsetEnabled', asked.subset_enabled,
            'windowType', asked.booking_window_type,
            'windowDays', asked.booking_window_days,
            'windowRolling', asked.booking_window_rolling,
            'windowFirst', asked.booking_window_first,
            'windowLast', asked.booking_window_last,
            'confirmation', asked.confirmation_type,
            'noticeUnit', asked.confirmation_notice_unit,
            'noticeCount', asked.confirmation_notice_count,
            'pendingBlocks', asked.pending_blocks
        )
        FROM asked
    ),
    'limits', (
        SELECT json_agg(json_build_array(l.counts, l.period, l.most) ORDER BY array_position(ARRAY['day', 'week', 'month', 'year'], l.period))
        FROM booking_limits AS l
        WHERE l.event_type_id = $1
    ),
    'teamLimits', (
        SELECT json_agg(json_build_array(l.period, l.most) ORDER BY array_position(ARRAY['day', 'week', 'month', 'year'], l.period))
        FROM limiting_team
        JOIN booking_limits AS l ON l.team_id = limiting_team.id
    ),
    'limitingTeam', (SELECT id FROM limiting_team),
    'teamEventTypes', (
        SELECT json_agg(e.id)
        FROM (
            SELECT own.id FROM limiting_team JOIN event_types AS own ON own.team_id = limiting_team.id
            UNION
            SELECT child.id
            FROM limiting_team
            JOIN event_types AS parent ON parent.team_id = limiting_team.id
            JOIN event_types AS child ON child.parent_id = parent.id
            WHERE limiting_team.with_managed
        ) AS e
    ),
    'hosts', (
        SELECT json_agg(json_build_object(
            'userId', h.user_id,
            'mandatory', h.mandatory,
            'priority', h.priority,
            'weight', h.weight,
            'group', h.group_id,
            'scheduleId', h.schedule_id
        ) ORDER BY h.position)
        FROM host_rows AS h
    ),
    'assigned', (SELECT json_agg(user_id ORDER BY position) FROM assignees),
    'members', (SELECT json_agg(user_id ORDER BY user_id) FROM members),
    'named', (SELECT json_agg(id) FROM named WHERE id IS NOT NULL),
    'schedules', (
        SELECT json_agg(json_build_object(
            'id', s.id,
            'zone', s.time_zone,
            'hours', (
                SELECT json_agg(json_build_array(h.weekdays, h.start_minute, h.end_minute) ORDER BY h.position)
                FROM schedule_hours AS h
                WHERE h.schedule_id = s.id
            ),
            'overrides', (
                SELECT json_agg(json_build_array(o.date, o.start_minute, o.end_minute) ORDER BY o.position)
                FROM schedule_overrides AS o
                WHERE o.schedule_id = s.id
            )
        ))
        FROM schedules AS s
        WHERE s.id = ANY (ARRAY(SELECT id FROM needed))
    ),
    'people', (
        SELECT json_agg(json_build_object(
            'id', p.id,
            'username', p.username,
            'email', p.email,
            'name', p.name,
            'zone', p.time_zone,
            'allowDynamicBooking', p.allow_dynamic_booking,
            'scheduleId', p.schedule_id,
            'travels', (
                SELECT json_agg(json_build_array(t.time_zone, t.first_date, t.last_date) ORDER BY t.position)
                FROM travel_schedules AS t
                WHERE t.user_id = p.id
            ),
            'absences', (
                SELECT json_agg(json_build_array(
                    CAST(o.starts_at AT TIME ZONE 'UTC' AS date), CAST(o.ends_at AT TIME ZONE 'UTC' AS date)
                ) ORDER BY o.id)
                FROM out_of_office AS o
                -- As far back as an explanation may ask: there may be any number of those that are long over.
                WHERE o.user_id = p.id AND o.ends_at > now() - interval '400 days'
            )
        ))
        FROM people AS p
    )
);
