-- What a visit's address tells: path and, where the message itself does not say, the campaign.
SELECT *,
    coalesce(said.path, context.page.path, CASE WHEN contains(url, '://') THEN nullif(regexp_extract(url, '^[a-z][a-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1), '') END) AS path,
    coalesce(context.campaign.name, {utm_campaign}) AS campaign,
    coalesce(context.campaign.source, {utm_source}) AS utm_source,
    coalesce(context.campaign.medium, {utm_medium}) AS utm_medium,
    nullif(coalesce(said.referrer, context.page.referrer, context.referrer.url), '') AS led_by
FROM (
    SELECT *, CASE WHEN kind NOT IN ('track', 'page', 'screen') THEN NULL
        WHEN contains(page_url, '?') OR search IS NULL THEN page_url ELSE page_url || search END AS url
    FROM (
        SELECT *, coalesce(said.url, context.page.url) AS page_url, coalesce(said.search, context.page.search) AS search
        FROM ({read})))
