import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changes } from './breaking.mjs';

const before = 'type Query { task(id: ID!): Task } type Task { id: ID! name: String } enum Status { READY DONE }';

for (const [what, after, breaking] of [
  ['nothing', before, 0],
  ['a field more', before.replace('name: String', 'name: String progress: Int'), 0],
  ['an optional argument', before.replace('id: ID!)', 'id: ID! deep: Boolean)'), 0],
  ['a field that is never null any more', before.replace('name: String', 'name: String!'), 0],
  ['a field less', before.replace(' name: String', ''), 1],
  ['another type', before.replace('name: String', 'name: Int'), 1],
  ['a field that may be null now', before.replace('id: ID! name', 'id: ID name'), 1],
  ['an argument that is needed', before.replace('id: ID!)', 'id: ID! deep: Boolean!)'), 1],
  ['a value less', before.replace(' DONE', ''), 1],
]) {
  test(what, async () => assert.equal((await changes(before, after)).breaking.length, breaking));
}
