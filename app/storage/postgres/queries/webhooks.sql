-- name: event_type
-- $1 event type. Whose it is.
SELECT owner_id, team_id FROM event_types WHERE id = $1;

-- name: find
-- $1 webhook.
SELECT * FROM webhooks WHERE id = $1;

-- name: of_owner
-- $1 user or null, $2 event type or null: the owner. $3 how many, $4 after how many.
SELECT * FROM webhooks WHERE user_id = $1 OR event_type_id = $2 ORDER BY id LIMIT $3 OFFSET $4;

-- name: lock_owner
-- $1 user or null, $2 event type or null: the owner. A row if it is there; who adds to its webhooks takes turns.
WITH person AS (
    SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
),
event_type AS (
    SELECT id FROM event_types WHERE id = $2 FOR NO KEY UPDATE
)
SELECT id FROM person UNION ALL SELECT id FROM event_type;

-- name: made_under
-- $1 uid.
SELECT * FROM webhooks WHERE uid = $1;

-- name: count_of_owner
-- $1 user or null, $2 event type or null: the owner.
SELECT count(*) FROM webhooks WHERE user_id = $1 OR event_type_id = $2;

-- name: add
-- $1 user or null, $2 event type or null: the owner. $3 uid, $4 URL, $5 its host:port, $6 active, $7 triggers,
-- $8 template or null, $9 secret or null.
INSERT INTO webhooks (
    user_id, event_type_id, uid, subscriber_url, receiver, active, triggers, payload_template, secret
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING *;

-- name: lock
-- $1 webhook.
SELECT * FROM webhooks WHERE id = $1 FOR NO KEY UPDATE;

-- name: change
-- $1 webhook, $2 URL, $3 its host:port, $4 active, $5 triggers, $6 template or null, $7 secret or null.
UPDATE webhooks
SET subscriber_url = $2, receiver = $3, active = $4, triggers = $5, payload_template = $6, secret = $7
WHERE id = $1
RETURNING *;

-- name: drop_due
-- $1 webhook. What it has not been sent yet it never is.
DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND due_at IS NOT NULL;

-- name: delete
-- $1 webhook. What was deleted.
DELETE FROM webhooks WHERE id = $1 RETURNING *;

-- name: delete_all
-- $1 user or null, $2 event type or null: the owner. How many there were; locked in the order in which `tell` does.
WITH theirs AS (
    SELECT id FROM webhooks WHERE user_id = $1 OR event_type_id = $2 ORDER BY id FOR UPDATE
),
deleted AS (
    DELETE FROM webhooks AS w USING theirs WHERE w.id = theirs.id RETURNING w.id
)
SELECT count(*) FROM deleted;
