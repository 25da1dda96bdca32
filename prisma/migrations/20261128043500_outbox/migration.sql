-- What a committed transaction leaves to be sent: changes of what all visitors see, and mails of donations.
-- NOTIFY takes a lock on the whole database until its transaction has committed, and so would every donation;
-- each process sends the rows instead, a few milliseconds later and many at once.
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" INTEGER NOT NULL,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "outbox_kind_known" CHECK ("kind" IN ('campaign', 'page', 'gifts', 'all', 'gift_receipt', 'gift_notice', 'gift_returned'))
);

-- Rows live for milliseconds: the table is small, and is to stay so.
ALTER TABLE "outbox" SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- `gifts` when only a campaign's gifts and totals changed, `page` when no list shows it, `campaign` when lists may
-- change too, `all` for many.
CREATE OR REPLACE FUNCTION announce(kind TEXT, ids INTEGER[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) > 20 THEN
        INSERT INTO outbox (kind, subject) VALUES ('all', 0);
    ELSE
        INSERT INTO outbox (kind, subject) SELECT announce.kind, id FROM unnest(ids) id;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION announce_campaigns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM announce(CASE WHEN is_open THEN 'campaign' ELSE 'page' END, array_agg(id)) FROM added GROUP BY is_open;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM announce(CASE WHEN is_open THEN 'campaign' ELSE 'page' END, array_agg(id)) FROM removed GROUP BY is_open;
    ELSE
        PERFORM announce(kind, array_agg(id))
           FROM (SELECT a.id,
                        CASE WHEN NOT (a.is_open OR b.is_open) THEN 'page' WHEN same_words THEN 'gifts' ELSE 'campaign' END AS kind
                   FROM added a JOIN removed b USING (id),
                LATERAL (SELECT (a.title, a.description, a.goal, a.category, a.is_open, a.close_at_deadline, a.image, a.deadline)
                                IS NOT DISTINCT FROM
                                (b.title, b.description, b.goal, b.category, b.is_open, b.close_at_deadline, b.image, b.deadline)
                                AS same_words,
                                (a.total_raised, a.donation_count) IS NOT DISTINCT FROM (b.total_raised, b.donation_count)
                                AS same_totals) comparison
                  WHERE NOT (same_words AND same_totals)) changed
          GROUP BY kind;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION announce_child() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce(CASE WHEN is_open THEN 'campaign' ELSE 'page' END, array_agg(id))
       FROM campaigns WHERE child_id = NEW.id GROUP BY is_open;
    RETURN NULL;
END $$;
