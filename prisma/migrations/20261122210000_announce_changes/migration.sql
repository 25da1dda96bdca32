-- Whoever changes what all visitors see announces it in the same transaction, on the channel campaign_changes:
-- `gifts <id>` when only a campaign's gifts and totals changed, `campaign <id>` when more of it did, `*` for many.

CREATE FUNCTION announce(kind TEXT, ids INTEGER[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(ids) > 20 THEN
        PERFORM pg_notify('campaign_changes', '*');
    ELSE
        PERFORM pg_notify('campaign_changes', kind || ' ' || id) FROM unnest(ids) id;
    END IF;
END $$;

CREATE FUNCTION announce_campaigns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM announce('campaign', array_agg(id)) FROM added;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM announce('campaign', array_agg(id)) FROM removed;
    ELSE
        PERFORM announce(CASE WHEN only_totals THEN 'gifts' ELSE 'campaign' END, array_agg(id))
           FROM (SELECT a.id, (a.total_raised <> b.total_raised OR a.donation_count <> b.donation_count)
                        AND (a.title, a.description, a.goal, a.category, a.is_open, a.close_at_deadline)
                          = (b.title, b.description, b.goal, b.category, b.is_open, b.close_at_deadline)
                        AND a.image IS NOT DISTINCT FROM b.image AND a.deadline IS NOT DISTINCT FROM b.deadline
                        AS only_totals
                   FROM added a JOIN removed b USING (id)) changed
          GROUP BY only_totals;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "campaigns_added_announced" AFTER INSERT ON "campaigns"
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_campaigns();
CREATE TRIGGER "campaigns_changed_announced" AFTER UPDATE ON "campaigns"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_campaigns();
CREATE TRIGGER "campaigns_removed_announced" AFTER DELETE ON "campaigns"
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION announce_campaigns();

-- A gift whose words changed, its donor being gone, moves no total.
CREATE FUNCTION announce_donations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce('gifts', array_agg(DISTINCT a.campaign_id))
       FROM added a JOIN removed b USING (id)
      WHERE a.campaign_id IS NOT NULL
        AND (a.donor_name IS DISTINCT FROM b.donor_name OR a.comment <> b.comment OR a.anonymous <> b.anonymous
             OR a.date_donated <> b.date_donated)
     HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER "donations_changed_announced" AFTER UPDATE ON "donations"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_donations();

CREATE FUNCTION announce_child() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce('campaign', array_agg(id)) FROM campaigns WHERE child_id = NEW.id HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER "children_renamed_announced" AFTER UPDATE OF "first_name" ON "children"
    FOR EACH ROW WHEN (OLD.first_name <> NEW.first_name) EXECUTE FUNCTION announce_child();
