-- name: forget_expired
-- $1 a request's key. It is forgotten if its time is up, and so are a few others.
DELETE FROM booking_requests
WHERE key_hash = $1 AND expires_at <= clock_timestamp()
    OR key_hash = ANY (ARRAY(
        SELECT key_hash FROM booking_requests WHERE expires_at <= now() ORDER BY expires_at LIMIT 10
        FOR UPDATE SKIP LOCKED
    ));

-- name: begin
-- $1 key, $2 digest of the body, $3 attempt, $4 uid, $5 lease, $6 how long it is remembered; ms.
-- A row if it is this attempt's now: the uid drawn for the request, and how many attempts there have been.
INSERT INTO booking_requests AS known (key_hash, body_digest, attempt, uid, tries, lease_until, expires_at)
VALUES (
    $1, $2, $3, $4, 1,
    clock_timestamp() + $5 * interval '1 millisecond', clock_timestamp() + $6 * interval '1 millisecond'
)
ON CONFLICT (key_hash) DO UPDATE
SET
    attempt = excluded.attempt,
    -- The same attempt comes twice if the answer to the first got lost on the way.
    tries = known.tries + CAST(known.attempt <> excluded.attempt AS integer),
    lease_until = excluded.lease_until,
    expires_at = excluded.expires_at
WHERE known.body_digest = excluded.body_digest
    AND known.status IS NULL
    AND (known.lease_until <= clock_timestamp() OR known.attempt = excluded.attempt)
RETURNING uid, tries;

-- name: standing
-- $1 key. How a request stands that could not be begun.
SELECT body_digest, status, answer FROM booking_requests WHERE key_hash = $1;

-- name: record
-- $1 key, $2 attempt, $3 status, $4 answer, $5 how long it is remembered, ms. A row if it is this attempt's.
UPDATE booking_requests
SET status = $3, answer = $4, expires_at = clock_timestamp() + $5 * interval '1 millisecond'
WHERE key_hash = $1 AND attempt = $2
RETURNING true;

-- name: forget
-- $1 key, $2 attempt. A row if it was this attempt's, and not answered.
DELETE FROM booking_requests WHERE key_hash = $1 AND attempt = $2 AND status IS NULL RETURNING true;

-- name: end_lease
-- $1 key, $2 attempt. A row if it is this attempt's, and not answered.
UPDATE booking_requests SET lease_until = clock_timestamp()
WHERE key_hash = $1 AND attempt = $2 AND status IS NULL
RETURNING true;
