-- What was said of each customer: the latest word on each trait. A group's traits are the group's own.
SELECT customer_no, traits['.email'] AS email, traits['.phone'] AS phone, {trait_columns},
    CASE WHEN len(others) > 0 THEN map_from_entries(others) END AS properties
FROM (
    SELECT customer_no, map_from_entries(known) AS traits,
        list_filter(known, lambda e: NOT list_contains($column_traits::VARCHAR[], e.key)) AS others
    FROM (
        SELECT customer_no, list({'key': key, 'value': value} ORDER BY key) AS known
        FROM (
            SELECT customer_no, said.key AS key, arg_max(said.value, place) AS value
            FROM (
                SELECT customer_no, {'at': said_at, 'row_key': row_key} AS place, unnest(list_concat(
                    [{'key': '.email', 'value': email}, {'key': '.phone', 'value': phone}, {'key': 'group_id', 'value': group_id}],
                    CASE WHEN kind = 'identify' THEN map_entries(properties) END)) AS said
                FROM trait
                WHERE customer_no IS NOT NULL AND {scope})
            WHERE said.value IS NOT NULL
            GROUP BY customer_no, said.key)
        GROUP BY customer_no)
)
