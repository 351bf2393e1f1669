// Runs a client as MCP's conformance suite runs it, against another server than the suite's.
// Usage: against.mjs CLIENT SERVER CONTEXT; the context, in JSON, is what the suite would give the client.
// Prints how the client ended, what it said, and the claims of the tokens that the server has seen.

import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const [client, server, context] = process.argv.slice(2)
const env = { ...process.env, MCP_CONFORMANCE_CONTEXT: context }
const { status, stdout, stderr } = spawnSync(process.execPath, [join(here, client), server], { env, encoding: 'utf8' })
const seen = await (await fetch(new URL('/seen', server))).json()
console.log(JSON.stringify({ status, said: stdout + stderr, seen }))
