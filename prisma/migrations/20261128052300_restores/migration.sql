-- What pg_dump and pg_restore need: they work with an empty search path, so functions that name tables bring their
-- own. Functions whose body is SQL itself (fold_case and others) are bound when they are made, and stay inlined.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN
        SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
         WHERE p.pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND l.lanname = 'plpgsql'
           AND (p.proname = 'announce' OR EXISTS (
                 SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                  WHERE t.tgfoid = p.oid AND c.relnamespace = p.pronamespace))
           AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path FROM CURRENT', f);
    END LOOP;
END $$;

-- A campaign begins with no gifts. Where its data is restored with triggers in place, its gifts come after it and
-- are counted one by one: totals that came along would be doubled.
CREATE FUNCTION begin_with_no_gifts() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.net_raised := 0;
    NEW.total_raised := 0;
    NEW.donation_count := 0;
    RETURN NEW;
END $$;

CREATE TRIGGER "campaigns_begin_empty" BEFORE INSERT ON "campaigns"
    FOR EACH ROW WHEN (NEW.net_raised <> 0 OR NEW.total_raised <> 0 OR NEW.donation_count <> 0)
    EXECUTE FUNCTION begin_with_no_gifts();
