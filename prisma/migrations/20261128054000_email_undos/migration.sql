-- A proven address that an account has left takes it back for 72 hours, by a link that was mailed to it.

CREATE TABLE "email_undos" (
    "id" SERIAL NOT NULL,
    "parent_id" INTEGER NOT NULL,
    "email" TEXT NOT NULL,
    "verified_at" TIMESTAMPTZ(3) NOT NULL,
    "google_sub" TEXT,
    "nonce" BYTEA NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "email_undos_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "email_undos_parent_id_fkey" FOREIGN KEY ("parent_id") REFERENCES "parents"("id") ON DELETE CASCADE ON UPDATE CASCADE,
    CONSTRAINT "email_undos_email_length" CHECK (char_length("email") BETWEEN 3 AND 254),
    CONSTRAINT "email_undos_hash_is_sha256" CHECK (octet_length("token_hash") = 32)
);

CREATE UNIQUE INDEX "email_undos_token_hash_key" ON "email_undos"("token_hash");
CREATE INDEX "email_undos_parent_id_idx" ON "email_undos"("parent_id");
CREATE INDEX "email_undos_expires_at_idx" ON "email_undos"("expires_at");
CREATE INDEX "email_undos_email" ON "email_undos" (lower("email"));

-- Whether the password was set by a link that was mailed to the present address.
ALTER TABLE "parents" ADD COLUMN "password_by_mail" BOOLEAN NOT NULL DEFAULT false;
