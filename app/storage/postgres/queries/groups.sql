-- name: lock_organization
-- $1 organization, or team of one. A row if there is one. Two changes to who belongs to it take turns.
SELECT id
FROM organizations
WHERE id IN ($1, (SELECT t.parent_organization_id FROM teams AS t WHERE t.id = $1))
FOR NO KEY UPDATE;

-- name: lock_team
-- $1 team. A row if there is one. Two changes to who belongs to it take turns.
SELECT id FROM teams WHERE id = $1 FOR NO KEY UPDATE;
