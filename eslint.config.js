import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import importX from 'eslint-plugin-import-x'

/** Data flows one way: each folder lists the folders it must not import. See ARCHITECTURE.md. */
const outer = ['./src/cli', './src/worker', './activities', './workflows']
const zones = [
  { target: './src/domain', from: ['./src'], except: ['./domain'] },
  {
    target: ['./src/config', './src/tasks', './src/prompt', './src/weights', './src/tokenizer', './src/onnx'],
    from: ['./src/engine', './src/experiments', './src/store', './src/temporal', ...outer],
  },
  {
    target: ['./src/models', './src/architectures'],
    from: ['./src/engine', './src/experiments', './src/store', './src/temporal', ...outer],
  },
  {
    target: './src/engine',
    from: ['./src/experiments', './src/store', './src/temporal', './src/config', './src/tasks', ...outer],
  },
  { target: './src/experiments', from: ['./src/store', './src/temporal', './src/config', ...outer] },
  {
    target: './src/store',
    from: ['./src/engine', './src/experiments', './src/temporal', './src/weights', ...outer],
  },
  {
    target: './src/temporal',
    from: ['./src/engine', './src/experiments', './src/store', './src/cli', './activities'],
  },
  { target: './activities', from: ['./src/cli', './src/worker', './workflows'] },
]

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.taskvec', 'coverage', '**/.venv'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'bin/*.js', 'src/report/page/*.js'] },
      },
    },
    plugins: { 'import-x': importX },
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
