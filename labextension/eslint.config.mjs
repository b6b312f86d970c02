import jupyter from '@jupyter/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig([
  globalIgnores(['lib/', 'build/', 'node_modules/']),
  { plugins: { jupyter } },
  jupyter.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      // What a model or a kernel says is text: it never becomes markup here.
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML' },
        { property: 'outerHTML' },
        { property: 'insertAdjacentHTML' }
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }]
    }
  },
  {
    // Widgets are shown by front ends that have no translator.
    files: ['src/*/*.ts', 'test/*.{ts,tsx}'],
    ignores: ['src/plugins/**'],
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  {
    // A signal is given a method and the object to call it on.
    files: ['src/plugins/*.{ts,tsx}'],
    rules: { '@typescript-eslint/unbound-method': 'off' }
  },
  {
    files: ['test/**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' } // node:test awaits its own
  }
]);
