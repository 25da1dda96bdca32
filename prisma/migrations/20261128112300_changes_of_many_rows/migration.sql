-- These join the rows of a statement before and after it. A session plans that once, for as many rows as its first
-- statement has: planned for one row as a nested loop, 5,000 rows took 25 million steps.
ALTER FUNCTION announce_campaigns() SET enable_nestloop = off;
ALTER FUNCTION announce_donations() SET enable_nestloop = off;
ALTER FUNCTION forget_tales() SET enable_nestloop = off;
