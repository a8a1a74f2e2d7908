-- name: columns
-- $1 tables. A row for each column that these have.
SELECT c.relname AS table_name, a.attname AS column_name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
WHERE c.oid = ANY (ARRAY(SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS name))
    AND a.attnum > 0 AND NOT a.attisdropped;

-- The queries of items give rows of an item, as a world file would have it, and of notes: what of the row has no
-- counterpart here. Cal.com's timestamps are in UTC. Columns that not every version has are read through to_jsonb,
-- which gives null for them.

-- name: users
-- Here usernames are everybody's own, also across organizations; who is in none of those comes first.
SELECT
    json_build_object(
        'id', u.id,
        'username', CASE WHEN u.named_anew THEN 'user:' || u.id ELSE u.username END,
        'email', u.email,
        'name', left(NULLIF(u.name, ''), 255),
        'timeZone', u."timeZone",
        'defaultScheduleId', (
            SELECT s.id FROM "Schedule" AS s WHERE s.id = u."defaultScheduleId" AND s."userId" = u.id
        ),
        'allowDynamicBooking', COALESCE(u."allowDynamicBooking", true),
        'travelSchedules', COALESCE((
            SELECT json_agg(json_build_object(
                'timeZone', t."timeZone",
                'startDate', to_char(t."startDate", 'YYYY-MM-DD'),
                'endDate', to_char(t."endDate", 'YYYY-MM-DD')
            ) ORDER BY t.id)
            FROM "TravelSchedule" AS t
            WHERE t."userId" = u.id
        ), '[]'),
        'bio', NULLIF(u.row ->> 'bio', ''),
        'avatarUrl', CASE WHEN u.row ->> 'avatarUrl' ~ '^https?://' THEN u.row ->> 'avatarUrl' END,
        'locale', NULLIF(u.row ->> 'locale', ''),
        'timeFormat', CASE WHEN (u.row ->> 'timeFormat')::integer = 24 THEN 24 ELSE 12 END,
        'weekStart', CASE
            WHEN u.row ->> 'weekStart' IN ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday')
                THEN u.row ->> 'weekStart'
            ELSE 'Sunday'
        END
    ) AS item,
    array_remove(ARRAY[
        CASE WHEN u.row ->> 'avatarUrl' !~ '^(https?://|$)' THEN 'a picture that only Cal.com serves' END,
        CASE WHEN u.named_anew THEN 'no username, or somebody else''s in another organization: called user:ID here' END
    ], NULL) AS notes
FROM (
    SELECT
        u.*,
        to_jsonb(u) AS row,
        NULLIF(u.username, '') IS NULL OR row_number() OVER (
            PARTITION BY u.username ORDER BY EXISTS (SELECT FROM "Profile" AS p WHERE p."userId" = u.id), u.id
        ) > 1 AS named_anew
    FROM users AS u
) AS u
ORDER BY u.id;

-- name: schedules
SELECT
    json_build_object(
        'id', s.id,
        'ownerId', s."userId",
        'name', COALESCE(left(NULLIF(s.name, ''), 255), 'Working hours'),
        'timeZone', COALESCE(s."timeZone", u."timeZone"),
        'availability', COALESCE((
            SELECT json_agg(json_build_object(
                'days', (
                    SELECT json_agg((
                        '{Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday}'::text[]
                    )[day + 1])
                    FROM unnest(a.days) AS day
                ),
                'startTime', to_char(a."startTime", 'HH24:MI'),
                'endTime', to_char(a."endTime", 'HH24:MI')
            ) ORDER BY a.id)
            FROM "Availability" AS a
            WHERE a."scheduleId" = s.id AND a.date IS NULL AND cardinality(a.days) > 0
        ), '[]'),
        'overrides', COALESCE((
            -- Hours without length close the date.
            SELECT json_agg(json_build_object(
                'date', to_char(a.date, 'YYYY-MM-DD'),
                'startTime', CASE WHEN a."startTime" <> a."endTime" THEN to_char(a."startTime", 'HH24:MI') END,
                'endTime', CASE WHEN a."startTime" <> a."endTime" THEN to_char(a."endTime", 'HH24:MI') END
            ) ORDER BY a.id)
            FROM "Availability" AS a
            WHERE a."scheduleId" = s.id AND a.date IS NOT NULL
        ), '[]')
    ) AS item,
    '{}'::text[] AS notes
FROM "Schedule" AS s
JOIN users AS u ON u.id = s."userId"
ORDER BY s.id;

-- name: organizations
SELECT
    json_build_object(
        'id', t.id,
        'slug', CASE WHEN t.named_anew THEN 'team:' || t.id ELSE t.slug END,
        'name', left(NULLIF(t.name, ''), 255),
        'timeZone', t."timeZone"
    ) AS item,
    array_remove(ARRAY[
        CASE WHEN t.named_anew THEN 'no slug, or another''s: called team:ID here' END
    ], NULL) AS notes
FROM (
    SELECT
        t.*, NULLIF(t.slug, '') IS NULL OR row_number() OVER (PARTITION BY t.slug ORDER BY t.id) > 1 AS named_anew
    FROM "Team" AS t
    WHERE t."isOrganization"
) AS t
ORDER BY t.id;

-- name: teams
SELECT
    json_build_object(
        'id', t.id,
        'slug', CASE WHEN t.named_anew THEN 'team:' || t.id ELSE t.slug END,
        'name', left(NULLIF(t.name, ''), 255),
        'parentOrganizationId', t."parentId",
        'bookingLimitsCount', CASE WHEN jsonb_typeof(t.row -> 'bookingLimits') = 'object' THEN json_build_object(
            'day', t.row -> 'bookingLimits' -> 'PER_DAY',
            'week', t.row -> 'bookingLimits' -> 'PER_WEEK',
            'month', t.row -> 'bookingLimits' -> 'PER_MONTH',
            'year', t.row -> 'bookingLimits' -> 'PER_YEAR'
        ) END,
        'includeManagedEventsInLimits', COALESCE((t.row ->> 'includeManagedEventsInLimits')::boolean, false)
    ) AS item,
    array_remove(ARRAY[
        CASE WHEN t.named_anew THEN 'no slug, or another''s: called team:ID here' END
    ], NULL) AS notes
FROM (
    SELECT
        t.*,
        to_jsonb(t) AS row,
        NULLIF(t.slug, '') IS NULL
            OR row_number() OVER (PARTITION BY t."parentId", t.slug ORDER BY t.id) > 1 AS named_anew
    FROM "Team" AS t
    WHERE NOT t."isOrganization"
) AS t
ORDER BY t.id;

-- name: profiles
SELECT
    json_build_object('userId', p."userId", 'organizationId', p."organizationId", 'username', p.username) AS item,
    '{}'::text[] AS notes
FROM "Profile" AS p
ORDER BY p.id;

-- name: memberships
SELECT
    json_build_object('userId', m."userId", 'teamId', m."teamId", 'role', m.role, 'accepted', m.accepted) AS item,
    array_remove(ARRAY[
        CASE WHEN to_jsonb(m) ->> 'customRoleId' IS NOT NULL THEN 'a role of one''s own making: counts as MEMBER, ADMIN or OWNER' END
    ], NULL) AS notes
FROM "Membership" AS m
ORDER BY m.id;

-- name: eventTypes
SELECT
    json_build_object(
        'id', e.id,
        'slug', e.slug,
        'title', left(NULLIF(e.title, ''), 255),
        'description', NULLIF(e.row ->> 'description', ''),
        'locations', place.places,
        'bookingFields', question.questions,
        'ownerId', CASE WHEN e."teamId" IS NULL THEN e."userId" END,
        'teamId', e."teamId",
        'parentId', e."parentId",
        'schedulingType', e."schedulingType",
        'lengthInMinutes', e.length,
        'lengthInMinutesOptions', CASE
            WHEN jsonb_typeof(e.metadata -> 'multipleDuration') = 'array' THEN e.metadata -> 'multipleDuration'
            ELSE '[]'
        END,
        'slotInterval', NULLIF(GREATEST(e."slotInterval", 0), 0),
        'offsetStart', e."offsetStart",
        'minimumBookingNotice', e."minimumBookingNotice",
        'beforeEventBuffer', e."beforeEventBuffer",
        'afterEventBuffer', e."afterEventBuffer",
        'seatsPerTimeSlot', NULLIF(e."seatsPerTimeSlot", 0),
        'seatsShowAttendees', COALESCE((e.row ->> 'seatsShowAttendees')::boolean, false),
        'seatsShowLeft', COALESCE((e.row ->> 'seatsShowAvailabilityCount')::boolean, true),
        'bookingLimitsCount', CASE WHEN jsonb_typeof(e."bookingLimits") = 'object' THEN json_build_object(
            'day', e."bookingLimits" -> 'PER_DAY',
            'week', e."bookingLimits" -> 'PER_WEEK',
            'month', e."bookingLimits" -> 'PER_MONTH',
            'year', e."bookingLimits" -> 'PER_YEAR'
        ) END,
        'bookingLimitsDuration', CASE WHEN jsonb_typeof(e."durationLimits") = 'object' THEN json_build_object(
            'day', e."durationLimits" -> 'PER_DAY',
            'week', e."durationLimits" -> 'PER_WEEK',
            'month', e."durationLimits" -> 'PER_MONTH',
            'year', e."durationLimits" -> 'PER_YEAR'
        ) END,
        'bookingWindow', CASE
            WHEN e."periodType"::text = 'range' THEN json_build_object(
                'type', 'range',
                'value', json_build_array(
                    to_char(e."periodStartDate", 'YYYY-MM-DD'), to_char(e."periodEndDate", 'YYYY-MM-DD')
                )
            )
            WHEN e."periodType"::text IN ('rolling', 'rolling_window') THEN json_build_object(
                'type', CASE WHEN e."periodCountCalendarDays" THEN 'calendarDays' ELSE 'businessDays' END,
                'value', COALESCE(e."periodDays", 0),
                'rolling', e."periodType"::text = 'rolling_window'
            )
        END,
        'onlyShowFirstAvailableSlot', COALESCE((e.row ->> 'onlyShowFirstAvailableSlot')::boolean, false),
        'showOptimizedSlots', COALESCE((e.row ->> 'showOptimizedSlots')::boolean, false),
        'scheduleId', e."scheduleId",
        'confirmationPolicy', CASE WHEN e."requiresConfirmation" THEN json_build_object(
            'type', CASE WHEN e.threshold IS NULL THEN 'always' ELSE 'time' END,
            'noticeThreshold', CASE WHEN e.threshold IS NOT NULL THEN json_build_object(
                'unit', e.threshold -> 'unit', 'count', e.threshold -> 'time'
            ) END,
            'blockUnconfirmedBookingsInBooker', COALESCE((e.row ->> 'requiresConfirmationWillBlockSlot')::boolean, false)
        ) END,
        'hidden', e.hidden,
        'hosts', COALESCE((
            SELECT json_agg(json_build_object(
                'userId', h."userId",
                'mandatory', h."isFixed",
                'priority', COALESCE((to_jsonb(h) ->> 'priority')::integer, 2),
                'weight', CASE
                    WHEN (e.row ->> 'isRRWeightsEnabled')::boolean THEN COALESCE((to_jsonb(h) ->> 'weight')::integer, 100)
                    ELSE 100
                END,
                'groupId', to_jsonb(h) -> 'groupId',
                'scheduleId', to_jsonb(h) -> 'scheduleId'
            ) ORDER BY to_jsonb(h) ->> 'createdAt', h."userId")
            FROM "Host" AS h
            WHERE h."eventTypeId" = e.id
        ), '[]'),
        'assignedUserIds', COALESCE((
            SELECT json_agg(a."B" ORDER BY a."B")
            FROM "_user_eventtype" AS a
            WHERE a."A" = e.id AND e."teamId" IS NOT NULL
        ), '[]'),
        'assignAllTeamMembers', COALESCE((e.row ->> 'assignAllTeamMembers')::boolean, false),
        'rrHostSubsetEnabled', COALESCE((e.row ->> 'rrHostSubsetEnabled')::boolean, false),
        'more', json_strip_nulls(json_build_object(
            'allowReschedulingCancelledBookings',
            CASE WHEN (e.row ->> 'allowReschedulingCancelledBookings')::boolean THEN true END,
            'allowReschedulingPastBookings', CASE WHEN (e.row ->> 'allowReschedulingPastBookings')::boolean THEN true END,
            'bookerActiveBookingsLimit', CASE
                WHEN (e.row ->> 'maxActiveBookingsPerBooker')::integer > 0
                    THEN json_build_object('maximumActiveBookings', (e.row ->> 'maxActiveBookingsPerBooker')::integer)
            END,
            'bookingRequiresAuthentication', CASE WHEN (e.row ->> 'bookingRequiresAuthentication')::boolean THEN true END,
            'customName', NULLIF(e.row ->> 'eventName', ''),
            'disableCancelling', CASE
                WHEN (e.row ->> 'disableCancelling')::boolean THEN json_build_object('disabled', true)
            END,
            'disableGuests', CASE WHEN (e.row ->> 'disableGuests')::boolean THEN true END,
            'disableRescheduling', CASE
                WHEN (e.row ->> 'disableRescheduling')::boolean THEN json_build_object('disabled', true)
                WHEN (e.row ->> 'minimumRescheduleNotice')::integer > 0
                    THEN json_build_object('minutesBefore', (e.row ->> 'minimumRescheduleNotice')::integer)
            END,
            'successRedirectUrl', NULLIF(e.row ->> 'successRedirectUrl', '')
        ))
    ) AS item,
    array_remove(ARRAY[
        CASE WHEN place.some_unknown THEN 'a place of a kind unknown here' END,
        CASE WHEN question.some_unknown THEN 'a question to those who book of a kind unknown here' END,
        CASE WHEN jsonb_typeof(e.row -> 'recurringEvent') = 'object' THEN 'repeats: each booking stands alone here' END,
        CASE WHEN (e.row ->> 'isInstantEvent')::boolean THEN 'instant meetings' END,
        CASE WHEN e.row ->> 'restrictionScheduleId' IS NOT NULL THEN 'a restriction schedule: listed without it' END,
        CASE
            WHEN (e.row ->> 'assignRRMembersUsingSegment')::boolean THEN 'hosts chosen by attributes: all of them host here'
        END,
        CASE WHEN e.row ->> 'maxLeadThreshold' IS NOT NULL THEN 'a largest lead between round-robin hosts' END,
        CASE
            WHEN (e.row ->> 'requiresConfirmationForFreeEmail')::boolean THEN 'confirmation only for free e-mail addresses'
        END,
        CASE WHEN (e.row ->> 'useEventLevelSelectedCalendars')::boolean THEN 'calendars of its own' END
    ], NULL) AS notes
FROM (
    SELECT
        e.*,
        to_jsonb(e) AS row,
        CASE
            WHEN jsonb_typeof(e.metadata -> 'requiresConfirmationThreshold') = 'object'
                THEN e.metadata -> 'requiresConfirmationThreshold'
        END AS threshold
    FROM "EventType" AS e
) AS e
CROSS JOIN LATERAL (
    SELECT
        COALESCE(json_agg(place ORDER BY number) FILTER (WHERE place IS NOT NULL), '[]') AS places,
        bool_or(place IS NULL) AS some_unknown
    FROM (
        SELECT
            number,
            CASE
                WHEN kind = 'inPerson' AND sent ->> 'address' <> ''
                    THEN json_build_object('type', 'address', 'address', sent ->> 'address', 'public', public)
                WHEN kind = 'link' AND sent ->> 'link' <> ''
                    THEN json_build_object('type', 'link', 'link', sent ->> 'link', 'public', public)
                WHEN kind = 'userPhone' AND sent ->> 'hostPhoneNumber' <> ''
                    THEN json_build_object('type', 'phone', 'phone', sent ->> 'hostPhoneNumber', 'public', public)
                WHEN kind = 'phone' THEN json_build_object('type', 'attendeePhone')
                WHEN kind = 'attendeeInPerson' THEN json_build_object('type', 'attendeeAddress')
                WHEN kind = 'somewhereElse' THEN json_build_object('type', 'attendeeDefined')
                WHEN kind = 'conferencing' THEN json_build_object('type', 'organizersDefaultApp')
                WHEN kind = 'integrations:daily'
                    THEN json_build_object('type', 'integration', 'integration', 'cal-video')
                WHEN kind = 'integrations:huddle01'
                    THEN json_build_object('type', 'integration', 'integration', 'huddle')
                WHEN kind = 'integrations:sirius_video_video'
                    THEN json_build_object('type', 'integration', 'integration', 'sirius-video')
                WHEN kind LIKE 'integrations:_%' THEN json_build_object(
                    'type', 'integration', 'integration', translate(substr(kind, length('integrations:') + 1), '_:', '--')
                )
            END AS place
        FROM (
            SELECT
                number, sent, sent ->> 'type' AS kind,
                sent -> 'displayLocationPublicly' IS NOT DISTINCT FROM 'true' AS public
            FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(e.row -> 'locations') = 'array' THEN e.row -> 'locations' ELSE '[]' END
            ) WITH ORDINALITY AS l (sent, number)
        ) AS l
    ) AS l
) AS place
CROSS JOIN LATERAL (
    -- The usual ones only where they were changed; those of Cal.com's own that are switched off are none.
    SELECT
        COALESCE(json_agg(question ORDER BY number) FILTER (WHERE question IS NOT NULL), '[]') AS questions,
        bool_or(question IS NULL) AS some_unknown
    FROM (
        SELECT
            number,
            CASE WHEN usual OR (slug <> '' AND kind IN (
                'phone', 'address', 'text', 'number', 'textarea', 'select', 'multiselect', 'checkbox', 'radio',
                'multiemail', 'boolean', 'url'
            ) AND (options IS NOT NULL OR kind NOT IN ('select', 'multiselect', 'checkbox', 'radio')))
                THEN json_strip_nulls(json_build_object(
                    'type', kind,
                    'slug', slug,
                    'label', CASE WHEN usual THEN label ELSE COALESCE(label, slug) END,
                    'required', required,
                    'hidden', CASE WHEN hidden THEN true END,
                    'placeholder', placeholder,
                    'disableOnPrefill', CASE WHEN sent -> 'disableOnPrefill' = 'true' THEN true END,
                    'options', CASE WHEN NOT usual THEN options END
                ))
            END AS question
        FROM (
            SELECT
                number, sent, sent ->> 'name' AS slug, sent ->> 'type' AS kind,
                left(NULLIF(sent ->> 'label', ''), 500) AS label,
                left(NULLIF(sent ->> 'placeholder', ''), 500) AS placeholder,
                sent -> 'required' IS NOT DISTINCT FROM 'true' AS required,
                sent -> 'hidden' IS NOT DISTINCT FROM 'true' AS hidden,
                sent ->> 'name' IN (
                    'name', 'email', 'title', 'location', 'notes', 'guests', 'rescheduleReason'
                ) AS usual,
                (
                    SELECT json_agg(left(COALESCE(o.option ->> 'label', o.option ->> 'value', ''), 500) ORDER BY o.number)
                    FROM jsonb_array_elements(
                        CASE WHEN jsonb_typeof(sent -> 'options') = 'array' THEN sent -> 'options' ELSE '[]' END
                    ) WITH ORDINALITY AS o (option, number)
                ) AS options
            FROM jsonb_array_elements(
                CASE WHEN jsonb_typeof(e.row -> 'bookingFields') = 'array' THEN e.row -> 'bookingFields' ELSE '[]' END
            ) WITH ORDINALITY AS q (sent, number)
        ) AS q
        WHERE CASE
            WHEN usual THEN label IS NOT NULL OR placeholder IS NOT NULL OR hidden <> (slug = 'title')
                OR required <> (slug IN ('name', 'email', 'title'))
            ELSE NOT (hidden AND COALESCE(sent ->> 'editable', '') LIKE 'system%')
        END
    ) AS q
) AS question
ORDER BY e.id;

-- name: outOfOffice
SELECT
    json_build_object(
        'id', o.id,
        'userId', o."userId",
        'start', to_char(o.start, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'end', to_char(o."end", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'toUserId', o."toUserId",
        'reasonId', to_jsonb(o) -> 'reasonId',
        'notes', NULLIF(to_jsonb(o) ->> 'notes', '')
    ) AS item,
    '{}'::text[] AS notes
FROM "OutOfOfficeEntry" AS o
ORDER BY o.id;

-- name: apiKeys
SELECT
    json_build_object(
        'userId', k."userId",
        'hashedKey', k."hashedKey",
        'createdAt', to_char(k."createdAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'expiresAt', to_char(k."expiresAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    ) AS item,
    '{}'::text[] AS notes
FROM "ApiKey" AS k
ORDER BY k."createdAt", k.id;

-- name: bookings
-- In the order they were made.
SELECT
    json_build_object(
        'uid', b.uid,
        'eventTypeId', b."eventTypeId",
        'userId', b."userId",
        'group', CASE WHEN b."eventTypeId" IS NULL THEN to_jsonb(b) ->> 'dynamicGroupSlugRef' END,
        'start', to_char(b."startTime", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'end', to_char(b."endTime", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'status', b.status,
        'title', b.title,
        'description', b.description,
        'location', b.location,
        'metadata', CASE WHEN jsonb_typeof(b.metadata) = 'object' THEN b.metadata ELSE '{}' END,
        'responses', CASE WHEN jsonb_typeof(b.responses) = 'object' THEN b.responses ELSE '{}' END,
        'cancellationReason', COALESCE(b."cancellationReason", b."rejectionReason"),
        'cancelledBy', to_jsonb(b) -> 'cancelledBy',
        'rescheduledBy', to_jsonb(b) -> 'rescheduledBy',
        'rescheduledFrom', b."fromReschedule",
        'hostAbsent', COALESCE((to_jsonb(b) ->> 'noShowHost')::boolean, false),
        'createdAt', to_char(b."createdAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'updatedAt', to_char(COALESCE(b."updatedAt", b."createdAt"), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'attendees', COALESCE((
            SELECT json_agg(json_build_object(
                'email', a.email,
                'name', left(NULLIF(a.name, ''), 255),
                'timeZone', a."timeZone",
                'seatUid', s."referenceUid",
                'language', a.locale,
                'phoneNumber', to_jsonb(a) -> 'phoneNumber',
                'absent', COALESCE((to_jsonb(a) ->> 'noShow')::boolean, false),
                'metadata', CASE
                    WHEN jsonb_typeof(to_jsonb(s) -> 'metadata') = 'object' THEN to_jsonb(s) -> 'metadata' ELSE '{}'
                END,
                'responses', CASE
                    WHEN jsonb_typeof(to_jsonb(s) -> 'data' -> 'responses') = 'object'
                        THEN to_jsonb(s) -> 'data' -> 'responses'
                    ELSE '{}'
                END
            ) ORDER BY a.id)
            FROM "Attendee" AS a
            LEFT JOIN "BookingSeat" AS s ON s."attendeeId" = a.id
            WHERE a."bookingId" = b.id
        ), '[]')
    ) AS item,
    array_remove(ARRAY[
        CASE WHEN to_jsonb(b) ->> 'recurringEventId' IS NOT NULL THEN 'part of a series: stands alone here' END
    ], NULL) AS notes
FROM "Booking" AS b
ORDER BY b.id;

-- name: count_bookings
SELECT count(*) FROM "Booking";
