// Builds the widgets: one self-contained ES module and one style sheet each, as anywidget loads them.
//   node build.mjs            src/NAME/index.ts → ../costmagic/static/NAME.js and NAME.css
//   node build.mjs --tests    test/*.test.ts → build/tests/*.mjs
//   node build.mjs --clean    removes what was built
import { build } from 'esbuild';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const STATIC = '../costmagic/static';
const shared = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
  legalComments: 'none',
  // React chooses by it between its own checks and speed.
  define: { 'process.env.NODE_ENV': '"production"' }
};

function clean() {
  for (const folder of [STATIC, '../costmagic/labextension', 'lib', 'build']) {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function widgets() {
  // Nothing stays from before: a widget that was renamed must not be shipped twice.
  rmSync(STATIC, { recursive: true, force: true });
  const names = readdirSync('src').filter(name => existsSync(join('src', name, 'widget.ts')));
  await build({
    ...shared,
    entryPoints: names.flatMap(name => [
      { in: `src/${name}/widget.ts`, out: name },
      { in: `src/${name}/${name}.css`, out: name }
    ]),
    outdir: STATIC,
    minify: true
  });
}

async function tests() {
  rmSync('build/tests', { recursive: true, force: true });
  await build({
    ...shared,
    entryPoints: readdirSync('test')
      .filter(name => name.endsWith('.test.ts'))
      .map(name => join('test', name)),
    outdir: 'build/tests',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    packages: 'external',
    sourcemap: 'inline'
  });
}

if (process.argv.includes('--clean')) {
  clean();
} else if (process.argv.includes('--tests')) {
  await tests();
} else {
  await widgets();
}
