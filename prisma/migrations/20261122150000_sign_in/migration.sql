-- Sign-in: verified addresses, Google, and what is spent once.

ALTER TABLE "parents"
    ALTER COLUMN "password_hash" DROP NOT NULL,
    ADD COLUMN "email_verified_at" TIMESTAMPTZ(3),
    ADD COLUMN "google_sub" TEXT,
    ADD CONSTRAINT "parents_google_sub_length" CHECK (char_length("google_sub") BETWEEN 1 AND 255),
    ADD CONSTRAINT "parents_can_sign_in" CHECK ("password_hash" IS NOT NULL OR "google_sub" IS NOT NULL);

CREATE UNIQUE INDEX "parents_google_sub_key" ON "parents"("google_sub");

ALTER TABLE "sessions"
    ADD COLUMN "user_agent" TEXT NOT NULL DEFAULT '',
    ADD CONSTRAINT "sessions_user_agent_length" CHECK (char_length("user_agent") <= 300);

-- The newest code only: one row a parent.
CREATE TABLE "email_codes" (
    "parent_id" INTEGER NOT NULL,
    "nonce" BYTEA NOT NULL,
    "code_hash" BYTEA NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "email_codes_pkey" PRIMARY KEY ("parent_id"),
    CONSTRAINT "email_codes_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "email_codes_hash_is_sha256" CHECK (octet_length("code_hash") = 32),
    CONSTRAINT "email_codes_tries_bounded" CHECK ("tries" BETWEEN 0 AND 5)
);

-- The newest link only: one row a parent.
CREATE TABLE "password_resets" (
    "parent_id" INTEGER NOT NULL,
    "nonce" BYTEA NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "password_resets_pkey" PRIMARY KEY ("parent_id"),
    CONSTRAINT "password_resets_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "password_resets_hash_is_sha256" CHECK (octet_length("token_hash") = 32)
);

CREATE UNIQUE INDEX "password_resets_token_hash_key" ON "password_resets"("token_hash");

-- States of Google sign-ins that were spent, remembered until they would have expired.
CREATE TABLE "spent_google_states" (
    "state_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "spent_google_states_pkey" PRIMARY KEY ("state_hash"),
    CONSTRAINT "spent_google_states_hash_is_sha256" CHECK (octet_length("state_hash") = 32)
);

CREATE INDEX "spent_google_states_expires_at_idx" ON "spent_google_states"("expires_at");

-- Codes that a browser app exchanges for tokens after Google sign-in.
CREATE TABLE "exchange_codes" (
    "code_hash" BYTEA NOT NULL,
    "parent_id" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "exchange_codes_pkey" PRIMARY KEY ("code_hash"),
    CONSTRAINT "exchange_codes_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "exchange_codes_hash_is_sha256" CHECK (octet_length("code_hash") = 32)
);

CREATE INDEX "exchange_codes_parent_id_idx" ON "exchange_codes"("parent_id");
CREATE INDEX "exchange_codes_expires_at_idx" ON "exchange_codes"("expires_at");

-- Counters of the rate limits, in the form that rate-limiter-flexible keeps. Unlogged: a crash may forget them.
CREATE UNLOGGED TABLE "rate_limits" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

CREATE INDEX "rate_limits_expire_idx" ON "rate_limits"("expire");

-- Who is disabled is signed out, whoever disables.
CREATE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions WHERE parent_id = NEW.id;
    DELETE FROM exchange_codes WHERE parent_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER "parents_disabled" AFTER UPDATE OF "is_active" ON "parents"
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION end_sessions();
