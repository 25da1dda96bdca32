import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The rooms of `src/`, from the ground up: each imports only from those before it (CONTRIBUTING.md). So no import runs
 * back up, and there are no circles.
 */
const ROOMS = [
  'core',
  'integrations',
  'config',
  'observability',
  'database',
  'embedded-postgres',
  'context.ts',
  'http/server',
  'http/guards',
  'http/api',
  'features',
  'jobs',
  'routes.ts',
  'app.ts',
  'process',
  'cli',
];

const roomsInOrder = ROOMS.slice(0, -1).map((room, at) => ({
  target: `./src/${room}`,
  from: ROOMS.slice(at + 1).map((above) => `./src/${above}`),
  message: `${room} stands below it: ROOMS in eslint.config.js has the order.`,
}));

/**
 * The wings of `src/features/`, likewise; only routes may ask the dashboard above them, for responses that hold other
 * features' things.
 */
const WINGS = [
  'erasure',
  'search-index',
  'accounts',
  'families',
  'fundraising',
  'giving',
  'dashboard',
  'config',
];

const wingsInOrder = WINGS.slice(0, -1).map((wing, at) => ({
  target: `./src/features/${wing}/**/!(*.routes).ts`,
  from: WINGS.slice(at + 1).map((above) => `./src/features/${above}`),
  message: `${wing} stands below it: WINGS in eslint.config.js has the order.`,
}));

/** What files of a feature may import, by what they are: routes → service → access and queries; forms are leaves. */
const boundary = (kinds, patterns) => ({
  files: [`src/features/**/*.${kinds}.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

const HTTP = { regex: '/http/|^express', message: 'Services know nothing of HTTP.' };
const ENVIRONMENT = {
  regex: '/config/(config|load)\\.js$',
  message: 'Settings come by the context.',
};
const ANOTHER_FEATURES_INSIDE = {
  regex:
    '^\\.\\./(\\.\\./(accounts|families|fundraising|giving)/)?[a-z-]+/(?!.*\\.(service|access|rows|presenter|schemas)\\.js$|age\\.js$|tokens\\.js$)',
  message:
    'Another feature is entered through its service or access; its rows and forms are leaves.',
};
const RULES = {
  regex: '\\.(service|access|queries|routes)\\.js$',
  message: 'Forms are leaves: no rules, no reads.',
};
const SERVICES = {
  regex: '\\.service\\.js$',
  message: 'Access and queries stand below the services.',
};

export default tseslint.config(
  { ignores: ['dist', 'src/generated', 'node_modules', '.data'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.js'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', argsIgnorePattern: '^_' },
      ],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: [...roomsInOrder, ...wingsInOrder] }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // `inForm` bounds the work: NFC alone takes quadratic time on a long run of marks.
    files: ['src/**/*.ts'],
    ignores: ['src/core/text.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ":matches(MemberExpression[property.name='normalize'], Literal[value='normalize'])",
          message: 'Normalise text by inForm or tidy of core/text.',
        },
      ],
    },
  },
  {
    // Answers are JSON of any shape until an assertion says otherwise.
    files: ['tests/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  boundary('routes', [ENVIRONMENT, ANOTHER_FEATURES_INSIDE]),
  boundary('service', [HTTP, ENVIRONMENT, ANOTHER_FEATURES_INSIDE]),
  boundary('{access,queries}', [HTTP, ENVIRONMENT, SERVICES, ANOTHER_FEATURES_INSIDE]),
  boundary('{presenter,schemas}', [ENVIRONMENT, RULES]),
);
