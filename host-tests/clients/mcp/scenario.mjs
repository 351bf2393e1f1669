// Runs one scenario of MCP's conformance suite with a client of ours, and prints what the client sent to the suite's token endpoint,
// the key that its assertion is signed with, and the suite's verdicts.
// Usage: scenario.mjs FOLDER SCENARIO CLIENT; the folder is for what is written on the way.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const [folder, scenario, client] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const record = join(folder, 'record.json')
const suite = join(here, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
const preload = pathToFileURL(join(here, 'record.mjs')).href
const run = spawnSync(
  process.execPath,
  ['--import', preload, suite, 'client', '--command', `${process.execPath} ${join(here, client)}`,
    '--scenario', scenario, '--verbose'],
  { env: { ...process.env, RECORD: record }, cwd: folder, encoding: 'utf8' },
)
if (run.status !== 0) throw new Error(`the suite failed (${run.status}):\n${run.stdout}\n${run.stderr}`)

const { streams, keys } = JSON.parse(readFileSync(record, 'utf8'))
const requests = streams
  .map((stream) => Buffer.from(stream, 'base64'))
  .filter((stream) => stream.includes('POST /token '))
  // A connection may have had other requests before; the last one has its body at the end.
  .map((stream) => stream.subarray(stream.lastIndexOf('POST /token ')))
console.log(JSON.stringify({ requests: requests.map((request) => request.toString('base64')), keys, said: run.stdout + run.stderr }))
