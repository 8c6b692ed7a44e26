// Compares schema.graphqls with that of the last release, and fails if clients of that release could break.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What changed between two schemas, the breaking changes apart. */
export async function changes(before, after) {
  const all = await diff(buildSchema(before), buildSchema(after));
  const breaks = (change) => change.criticality.level === CriticalityLevel.Breaking;
  return { breaking: all.filter(breaks), others: all.filter((change) => !breaks(change)) };
}

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** The newest release before this commit, "" when there is none. */
function lastRelease() {
  try {
    return git('describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^').trim();
  } catch {
    return '';
  }
}

async function main() {
  const release = lastRelease();
  if (!release) {
    console.log('There is no release to compare the schema with yet.');
    return;
  }
  const { breaking, others } = await changes(git('show', `${release}:schema.graphqls`), readFileSync(`${root}/schema.graphqls`, 'utf8'));
  for (const { message, path } of breaking) console.log(`breaks clients: ${message} (${path})`);
  console.log(`Since ${release}: ${breaking.length} breaking changes of the schema, ${others.length} others.`);
  process.exitCode = breaking.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
