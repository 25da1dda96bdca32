CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Lengths count code points: the database is UTF-8 (the migration runner refuses another encoding).

CREATE TABLE "parents" (
    "id" SERIAL NOT NULL,
    "username" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "first_name" TEXT NOT NULL DEFAULT '',
    "last_name" TEXT NOT NULL DEFAULT '',
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "is_staff" BOOLEAN NOT NULL DEFAULT false,
    "date_joined" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "parents_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "parents_username_length" CHECK (char_length("username") BETWEEN 3 AND 150),
    CONSTRAINT "parents_email_length" CHECK (char_length("email") BETWEEN 3 AND 254),
    CONSTRAINT "parents_password_is_bcrypt" CHECK ("password_hash" ~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'),
    CONSTRAINT "parents_first_name_length" CHECK (char_length("first_name") <= 150),
    CONSTRAINT "parents_last_name_length" CHECK (char_length("last_name") <= 150)
);

CREATE UNIQUE INDEX "parents_username_unique" ON "parents" (lower("username"));
CREATE UNIQUE INDEX "parents_email_unique" ON "parents" (lower("email"));

CREATE TABLE "sessions" (
    "id" SERIAL NOT NULL,
    "parent_id" INTEGER NOT NULL,
    "token_hash" BYTEA,
    "spent_token_hash" BYTEA,
    "rotated_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "sessions_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "sessions_hashes_are_sha256" CHECK (octet_length("token_hash") = 32 AND octet_length("spent_token_hash") = 32)
);

CREATE INDEX "sessions_parent_id_idx" ON "sessions"("parent_id");

CREATE TABLE "children" (
    "id" SERIAL NOT NULL,
    "parent_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "first_name" TEXT NOT NULL,
    "date_of_birth" DATE NOT NULL,
    "gender" TEXT,
    "profile_picture" TEXT,

    CONSTRAINT "children_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "children_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "children_name_length" CHECK (char_length("name") BETWEEN 2 AND 100),
    CONSTRAINT "children_first_name_begins_name" CHECK ("first_name" <> '' AND starts_with("name", "first_name")),
    -- White space of every kind, as the program knows it: what follows it is not for the public.
    CONSTRAINT "children_first_name_is_one_word" CHECK ("first_name" !~ '[\s\u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u2060\u2800\u3000\u3164\uFEFF]'),
    CONSTRAINT "children_gender_known" CHECK ("gender" IN ('male', 'female', 'prefer not to say')),
    CONSTRAINT "children_profile_picture_url" CHECK (char_length("profile_picture") <= 2048 AND "profile_picture" ~* '^https?://')
);

CREATE INDEX "children_parent_id_id_idx" ON "children"("parent_id", "id");

CREATE TABLE "campaigns" (
    "id" SERIAL NOT NULL,
    "child_id" INTEGER NOT NULL,
    "title" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "goal" INTEGER NOT NULL,
    "category" TEXT NOT NULL,
    "image" TEXT,
    "is_open" BOOLEAN NOT NULL DEFAULT true,
    "deadline" TIMESTAMPTZ(3),
    "date_created" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "total_raised" BIGINT NOT NULL DEFAULT 0,
    "donation_count" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "campaigns_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "campaigns_child_id_fkey" FOREIGN KEY ("child_id") REFERENCES "children"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "campaigns_title_length" CHECK (char_length("title") BETWEEN 1 AND 200),
    CONSTRAINT "campaigns_description_length" CHECK (char_length("description") BETWEEN 1 AND 10000),
    CONSTRAINT "campaigns_goal_range" CHECK ("goal" BETWEEN 1 AND 100000),
    CONSTRAINT "campaigns_category_known" CHECK ("category" IN ('sports', 'education', 'hobbies', 'health', 'dreams')),
    CONSTRAINT "campaigns_image_url" CHECK (char_length("image") <= 2048 AND "image" ~* '^https?://'),
    CONSTRAINT "campaigns_totals_not_negative" CHECK ("total_raised" >= 0 AND "donation_count" >= 0)
);

CREATE INDEX "campaigns_child_id_id_idx" ON "campaigns"("child_id", "id");

-- Browsing sees open campaigns only: one index for each order, and one for the category filter.
CREATE INDEX "campaigns_open_newest" ON "campaigns" ("id") WHERE "is_open";
CREATE INDEX "campaigns_open_category" ON "campaigns" ("category", "id") WHERE "is_open";
CREATE INDEX "campaigns_open_most_funded" ON "campaigns" ("total_raised", "id") WHERE "is_open";
-- The ratio of two integers this small is exact enough in double precision to order any two of them.
CREATE INDEX "campaigns_open_closest_to_goal" ON "campaigns" (("total_raised" < "goal"), ("total_raised"::float8 / "goal"), "id") WHERE "is_open";
CREATE INDEX "campaigns_open_ending_soon" ON "campaigns" ("deadline", "id") WHERE "is_open";

CREATE TABLE "donations" (
    "id" SERIAL NOT NULL,
    "campaign_id" INTEGER,
    "donor_id" INTEGER,
    "amount" INTEGER NOT NULL,
    "comment" TEXT NOT NULL DEFAULT '',
    "anonymous" BOOLEAN NOT NULL DEFAULT false,
    "donor_name" TEXT,
    "donor_email" TEXT,
    "date_donated" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "donations_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "donations_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE SET NULL ON UPDATE RESTRICT,
    CONSTRAINT "donations_donor_id_fkey" FOREIGN KEY ("donor_id") REFERENCES "parents"("id") ON DELETE SET NULL ON UPDATE CASCADE,
    CONSTRAINT "donations_amount_range" CHECK ("amount" BETWEEN 1 AND 100000),
    CONSTRAINT "donations_comment_length" CHECK (char_length("comment") <= 200),
    CONSTRAINT "donations_donor_name_length" CHECK (char_length("donor_name") BETWEEN 1 AND 150),
    CONSTRAINT "donations_donor_email_length" CHECK (char_length("donor_email") BETWEEN 3 AND 254),
    CONSTRAINT "donations_donor_is_parent_guest_or_gone" CHECK (
        CASE WHEN "donor_id" IS NULL THEN ("donor_name" IS NULL) = ("donor_email" IS NULL)
             ELSE "donor_name" IS NOT NULL AND "donor_email" IS NULL END
    )
);

CREATE INDEX "donations_campaign_id_id_idx" ON "donations"("campaign_id", "id");
CREATE INDEX "donations_donor_id_id_idx" ON "donations"("donor_id", "id");

-- Totals: the donations are the truth, these two columns their sum, moved in the same transaction.
CREATE FUNCTION keep_campaign_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE campaigns c
           SET total_raised = c.total_raised + moved.amount, donation_count = c.donation_count + moved.gifts
          FROM (SELECT campaign_id, sum(amount) AS amount, count(*) AS gifts
                  FROM added WHERE campaign_id IS NOT NULL GROUP BY campaign_id) moved
         WHERE c.id = moved.campaign_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE campaigns c
           SET total_raised = c.total_raised - moved.amount, donation_count = c.donation_count - moved.gifts
          FROM (SELECT campaign_id, sum(amount) AS amount, count(*) AS gifts
                  FROM removed WHERE campaign_id IS NOT NULL GROUP BY campaign_id) moved
         WHERE c.id = moved.campaign_id;
    ELSIF TG_OP = 'TRUNCATE' THEN
        UPDATE campaigns SET total_raised = 0, donation_count = 0 WHERE donation_count <> 0;
    ELSE
        UPDATE campaigns c
           SET total_raised = c.total_raised + moved.amount, donation_count = c.donation_count + moved.gifts
          FROM (SELECT campaign_id, sum(amount) AS amount, sum(gifts) AS gifts
                  FROM (SELECT campaign_id, amount, 1 AS gifts FROM added
                        UNION ALL
                        SELECT campaign_id, -amount, -1 FROM removed) change
                 WHERE campaign_id IS NOT NULL GROUP BY campaign_id
                HAVING sum(amount) <> 0 OR sum(gifts) <> 0) moved
         WHERE c.id = moved.campaign_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "donations_added" AFTER INSERT ON "donations"
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_campaign_totals();
CREATE TRIGGER "donations_changed" AFTER UPDATE ON "donations"
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_campaign_totals();
CREATE TRIGGER "donations_removed" AFTER DELETE ON "donations"
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_campaign_totals();
CREATE TRIGGER "donations_emptied" AFTER TRUNCATE ON "donations"
    FOR EACH STATEMENT EXECUTE FUNCTION keep_campaign_totals();

-- When a donor goes, so does what the donor wrote; the gift stays.
CREATE FUNCTION forget_donor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.donor_name := NULL;
    NEW.comment := '';
    RETURN NEW;
END $$;

CREATE TRIGGER "donations_donor_gone" BEFORE UPDATE OF "donor_id" ON "donations"
    FOR EACH ROW WHEN (OLD.donor_id IS NOT NULL AND NEW.donor_id IS NULL) EXECUTE FUNCTION forget_donor();

-- Search: what a visitor may look at, and nothing else. A table of its own, because every gift rewrites
-- its campaign's row, and a trigram index on that row would be rewritten with it.
CREATE TABLE "campaign_search" (
    "campaign_id" INTEGER NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "campaign_search_pkey" PRIMARY KEY ("campaign_id"),
    CONSTRAINT "campaign_search_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX "campaign_search_text" ON "campaign_search" USING gin ("text" gin_trgm_ops);

-- Without regard to case: up and down again, so that letters with two small forms (σ and ς) become one.
CREATE FUNCTION fold_case(written TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT RETURN lower(upper(written));

CREATE FUNCTION campaign_search_text(title TEXT, description TEXT, first_name TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE RETURN fold_case(title || E'\n' || description || E'\n' || first_name);

-- A campaign that is just being written and a child that is just being renamed wait for each other, here
-- by the child's row and below by the campaign's: neither would see the other's uncommitted change.
CREATE FUNCTION make_campaign_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.child_id IS DISTINCT FROM OLD.child_id THEN
        PERFORM FROM children child WHERE child.id = NEW.child_id FOR SHARE;
    END IF;
    INSERT INTO campaign_search (campaign_id, text)
    SELECT NEW.id, campaign_search_text(NEW.title, NEW.description, child.first_name)
      FROM children child WHERE child.id = NEW.child_id
    ON CONFLICT (campaign_id) DO UPDATE SET text = excluded.text;
    RETURN NULL;
END $$;

CREATE TRIGGER "campaigns_searchable" AFTER INSERT OR UPDATE OF "title", "description", "child_id" ON "campaigns"
    FOR EACH ROW EXECUTE FUNCTION make_campaign_searchable();

CREATE FUNCTION rename_child_in_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM campaigns c WHERE c.child_id = NEW.id ORDER BY c.id FOR SHARE;
    UPDATE campaign_search s
       SET text = campaign_search_text(c.title, c.description, NEW.first_name)
      FROM campaigns c WHERE c.child_id = NEW.id AND s.campaign_id = c.id;
    RETURN NULL;
END $$;

CREATE TRIGGER "children_renamed" AFTER UPDATE OF "first_name" ON "children"
    FOR EACH ROW WHEN (OLD.first_name <> NEW.first_name) EXECUTE FUNCTION rename_child_in_search();
