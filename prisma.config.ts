import { defineConfig } from 'prisma/config';

// `prisma generate` needs no schema engine, yet the CLI insists on finding one and would download it.
// Naming any executable keeps a closed network from failing the build.
if (process.argv.includes('generate')) {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env['DATABASE_URL'] && { datasource: { url: process.env['DATABASE_URL'] } }),
});
