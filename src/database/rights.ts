import type pg from 'pg';
import { StartError } from '../core/errors.js';

interface Rights {
  role: string;
  database: string;
  schema: string;
  /** Whether something is still to be made: in the schema, in the database. */
  inSchema: boolean;
  inDatabase: boolean;
  mayInSchema: boolean;
  mayInDatabase: boolean;
  extensionIsInstalled: boolean;
  extensionIsAvailable: boolean;
}

/** @throws StartError when tables are to be made and the role may not make them, or pg_trgm isn't there at all. */
export async function refuseWithoutRights(client: pg.Client): Promise<void> {
  const { rows } = await client.query<Rights>(
    `SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
            quote_ident(current_schema()) AS schema,
            to_regclass('"_prisma_migrations"') IS NULL AS "inSchema",
            to_regnamespace('graphile_worker') IS NULL OR ext.oid IS NULL AS "inDatabase",
            has_schema_privilege(current_schema(), 'CREATE') AS "mayInSchema",
            has_database_privilege(current_database(), 'CREATE') AS "mayInDatabase",
            ext.oid IS NOT NULL AS "extensionIsInstalled",
            EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS "extensionIsAvailable"
       FROM (VALUES (1)) one LEFT JOIN pg_extension ext ON extname = 'pg_trgm'`,
  );
  const found = rows[0]!;
  const { role, database, schema } = found;
  const grants = [
    ...(found.inSchema && !found.mayInSchema
      ? [`GRANT CREATE ON SCHEMA ${schema} TO ${role};`]
      : []),
    ...(found.inDatabase && !found.mayInDatabase
      ? [`GRANT CREATE ON DATABASE ${database} TO ${role};`]
      : []),
  ];
  if (grants.length > 0) {
    throw new StartError(
      `The role ${role} may not make the tables in schema ${schema}: have the owner of the database run ${grants.join(' ')}`,
    );
  }
  if (found.inDatabase && !found.extensionIsInstalled && !found.extensionIsAvailable) {
    throw new StartError(
      'The extension pg_trgm is not there: install it beside PostgreSQL (on Debian and Red Hat it is in postgresql-contrib).',
    );
  }
}
