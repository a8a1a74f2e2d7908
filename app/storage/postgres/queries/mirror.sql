-- Rows that are kept like those of another database. They are brought into a temporary table first. In braces stand
-- names of our own tables and columns (app/storage/postgres/mirror.py); {same} tells that two rows have the same key.

-- name: stage
CREATE TEMPORARY TABLE brought_{table} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA;

-- name: unstage
DROP TABLE IF EXISTS brought_{table};

-- name: analyze
ANALYZE brought_{table};

-- name: made_here
-- Keys brought that rows have which were made here.
SELECT {there_key}
FROM {table} AS there
JOIN brought_{brought} AS brought ON {same}
WHERE NOT there.from_calcom
ORDER BY 1
LIMIT 20;

-- name: gone
DELETE FROM {table} AS there
WHERE there.from_calcom
    AND NOT EXISTS (SELECT FROM brought_{table} AS brought WHERE {same})
    AND NOT EXISTS (
        SELECT FROM left_out AS l WHERE l.table_name = '{table}' AND l.key = concat_ws(' ', {there_key})
    );

-- name: give_up_name
-- A name may pass from one row to another, and no two may bear it even for a moment.
UPDATE {table} AS there SET {name} = 'changing:' || there.ctid
FROM brought_{table} AS brought
WHERE {same} AND ({there_columns}) IS DISTINCT FROM ({brought_columns});

-- name: change
UPDATE {table} AS there SET ({columns}) = ROW({brought_columns})
FROM brought_{table} AS brought
WHERE {same} AND ({there_columns}) IS DISTINCT FROM ({brought_columns});

-- name: add
-- In the order brought, so that numbers given here ascend in it.
INSERT INTO {table} ({columns})
SELECT {columns}
FROM brought_{table} AS brought
WHERE NOT EXISTS (SELECT FROM {table} AS there WHERE {same})
ORDER BY brought.ctid;

-- name: clear_parts
DELETE FROM {table} AS there USING brought_{owners} AS owner WHERE there.{owner} = owner.id;
