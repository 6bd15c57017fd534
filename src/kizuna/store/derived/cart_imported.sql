-- For imported carts the last product added is not known; the checkout, or else the start, stands for it.
SELECT rowid AS place,
    coalesce(ordered_at <= greatest(started_at, checkout_at) + to_hours($cart_window_hours), FALSE) AS in_time
FROM cart
WHERE import_no <> 0 AND {people}
