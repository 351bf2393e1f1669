// Loaded before the conformance suite: keeps what arrives at its servers byte for byte, and the public keys that it makes.
// At the end both are written to the file that RECORD names.

import * as fs from 'node:fs'
import { Server } from 'node:http'
import { register } from 'node:module'

// The suite is built for Node 20, and imports a function for other scenarios than ours that is in Node 22 first.
if (!('globSync' in fs)) {
  const withGlob = "export * from 'node:fs'; export { default } from 'node:fs'; export const globSync = undefined"
  const hooks = `export const resolve = (name, context, next) => name === 'fs'
    ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(withGlob)}`)}, shortCircuit: true }
    : next(name, context)`
  register(`data:text/javascript,${encodeURIComponent(hooks)}`)
}

const connections = []
const keys = []

const emit = Server.prototype.emit
Server.prototype.emit = function (event, ...rest) {
  const handled = emit.call(this, event, ...rest)
  if (event === 'connection') {
    const chunks = []
    connections.push(chunks)
    rest[0].on('data', (chunk) => chunks.push(Buffer.from(chunk)))
  }
  return handled
}

const generateKey = crypto.subtle.generateKey
crypto.subtle.generateKey = async function (...options) {
  const pair = await generateKey.apply(this, options)
  keys.push(await crypto.subtle.exportKey('jwk', pair.publicKey))
  return pair
}

process.on('exit', () => {
  const streams = connections.map((chunks) => Buffer.concat(chunks).toString('base64'))
  fs.writeFileSync(process.env.RECORD, JSON.stringify({ streams, keys }))
})
