import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Who may import what (CONTRIBUTING.md): routes → service → access and queries → core; forms are leaves. */
const boundary = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

const HTTP = {
  regex: '/http/|^express|/app\\.js$|/routes\\.js$',
  message: 'Services know nothing of HTTP.',
};
const ENVIRONMENT = {
  regex: '/config/(config|environment)\\.js$',
  message: 'Settings come by the context.',
};
const FEATURES = { regex: '/features/', message: 'Core knows no feature.' };
const ANOTHER_FEATURES_INSIDE = {
  regex:
    '^\\.\\./(\\.\\./(accounts|families|fundraising|giving)/)?[a-z-]+/(?!.*\\.(service|access|presenter|schemas)\\.js$|age\\.js$|tokens\\.js$)',
  message: 'Another feature is entered through its service or access; its forms are leaves.',
};
const RULES = {
  regex: '\\.(service|access|queries|routes)\\.js$',
  message: 'Forms are leaves: no rules, no reads.',
};
const ROUTES = { regex: '\\.routes\\.js$', message: 'Only the URL map knows the routes.' };
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
  boundary(['src/features/**/*.routes.ts'], [ENVIRONMENT, ROUTES, ANOTHER_FEATURES_INSIDE]),
  boundary(['src/features/**/*.service.ts'], [HTTP, ENVIRONMENT, ROUTES, ANOTHER_FEATURES_INSIDE]),
  boundary(
    ['src/features/**/*.{access,queries}.ts'],
    [HTTP, ENVIRONMENT, ROUTES, SERVICES, ANOTHER_FEATURES_INSIDE],
  ),
  boundary(['src/features/**/*.{presenter,schemas}.ts'], [ENVIRONMENT, RULES]),
  boundary(
    ['src/core/**/*.ts', 'src/integrations/**/*.ts'],
    [FEATURES, { regex: '/http/', message: FEATURES.message }],
  ),
);
