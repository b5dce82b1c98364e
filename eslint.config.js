import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import importX, { createNodeResolver } from 'eslint-plugin-import-x'

/** Data flows one way: each folder imports only from those before it. ARCHITECTURE.md says what each is. */
const order = [
  'src/domain',
  'src/onnx',
  'src/system',
  'src/weights',
  'src/numerics',
  'src/architectures',
  'src/tokenizer',
  'src/models',
  'src/vectors',
  'src/engine',
  'src/statistics',
  'src/figures',
  'src/prompt',
  'src/store/schema',
  'src/tasks',
  'src/experiments',
  'src/predict',
  'src/store',
  'activities',
  'src/config',
  'src/temporal',
  'src/worker.ts',
  'workflows',
  'src/sweep',
  'src/bench',
  'src/doctor',
  'src/report',
  'src/serve',
  'src/verify',
  'src/export',
  'src/cli',
]
const zones = order.flatMap((folder, i) =>
  order.slice(i + 1).map((later) => ({
    target: `./${folder}`,
    from: `./${later}`,
    ...(later === 'src/store' ? { except: ['./schema'] } : {}),
  })),
)

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.taskvec', 'coverage', '**/.venv'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['*.js', 'bin/*.js', 'src/report/page/*.js'],
          maximumDefaultProjectFileMatchCount_THIS_WILL_SLOW_DOWN_LINTING: 16,
        },
      },
    },
    plugins: { 'import-x': importX },
    settings: {
      // Imports name the .js that a .ts becomes; without this none is resolved, and the rules below check nothing.
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.tsx', '.js'],
          extensionAlias: { '.js': ['.ts', '.tsx', '.js'], '.jsx': ['.tsx'] },
        }),
      ],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/extensions': ['.ts', '.tsx', '.js'],
    },
    rules: {
      // A dropped promise in a workflow or an activity is work that nobody waits for.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off',
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
    },
  },
  {
    // The workflow sandbox has no Node: everything that touches the world is an activity.
    files: ['workflows/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'Workflows are deterministic.' }] },
      ],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              // Everything of src/ and activities/ but src/domain and the names of queues and workflows.
              regex: '^\\.\\./(activities|src/(?!domain/|temporal/names\\.js$))',
              allowTypeImports: true,
              message: 'Workflows import types only, and src/domain.',
            },
          ],
        },
      ],
    },
  },
  {
    // A file holds one concept.
    files: ['src/**/*.{ts,tsx}', 'workflows/**/*.ts', 'activities/**/*.ts'],
    rules: { 'max-lines': ['error', 250] },
  },
  {
    // What a package is installed with: nothing of devDependencies at run time.
    files: ['src/**/*.ts', 'workflows/**/*.ts', 'activities/**/*.ts', 'bin/taskvec.js', 'bin/build.js'],
    rules: { 'import-x/no-extraneous-dependencies': ['error', { devDependencies: false }] },
  },
  {
    files: ['**/*.js'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    // The report's page: a browser's globals.
    files: ['src/report/page/show-values.js'],
    languageOptions: {
      globals: {
        document: 'readonly',
        innerWidth: 'readonly',
        requestAnimationFrame: 'readonly',
        addEventListener: 'readonly',
      },
    },
  },
)
