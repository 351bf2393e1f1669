// The rival on Node: the JWT bearer grant as a careful person would write it with fastify, jose and
// better-sqlite3. It does what the endpoint does for a good request, and no more: client secret,
// signature, claims, replay in SQLite (WAL, one atomic insert), a signed `at+jwt`.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'node:querystring'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import Fastify from 'fastify'
import { SignJWT, generateKeyPair, importJWK, jwtVerify } from 'jose'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const LIFETIME = 3600
const MAX_LIFETIME = 3600
const SKEW = 60

const options = {
  trust: { type: 'string' },
  issuer: { type: 'string' },
  listen: { type: 'string' },
  data: { type: 'string' },
  alg: { type: 'string', default: 'ES256' },
}
const { values: settings } = parseArgs({ options })

const sha256 = (text) => createHash('sha256').update(text).digest()

const [organization] = JSON.parse(readFileSync(settings.trust, 'utf8')).organizations
const clients = new Map(
  organization.applications.map(({ client_id, client_secret, scope }) => [
    client_id,
    { secretSha256: sha256(client_secret), scope, scopes: new Set(scope.split(' ')) },
  ]),
)
const keys = new Map()
for (const { issuer, jwks } of organization.trusted_issuers) {
  for (const jwk of jwks.keys) keys.set(jwk.kid, { issuer, alg: jwk.alg, key: await importJWK(jwk, jwk.alg) })
}
const { privateKey } = await generateKeyPair(settings.alg)

// The same promises as those of our replay store: survives the process, not the loss of power.
const database = new Database(join(settings.data, 'replay.sqlite3'))
database.pragma('journal_mode = WAL')
database.pragma('synchronous = NORMAL')
database.exec(
  'CREATE TABLE IF NOT EXISTS replay (key BLOB PRIMARY KEY NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID',
)
const reserve = database.prepare('INSERT OR IGNORE INTO replay (key, expires_at) VALUES (?, ?)')

class Refused extends Error {
  constructor(status, code) {
    super(code)
    Object.assign(this, { status, code })
  }
}

function authenticate(header = '') {
  const [, encoded] = /^Basic (.*)$/.exec(header) ?? []
  const [, id, secret] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  const client = clients.get(id)
  if (!client || !timingSafeEqual(sha256(secret), client.secretSha256)) throw new Refused(401, 'invalid_client')
  return { id, client }
}

async function verify(assertion) {
  let known
  const find = (header) => {
    known = keys.get(header.kid)
    if (!known || header.alg !== known.alg) throw new Refused(400, 'invalid_grant')
    return known.key
  }
  try {
    const { payload } = await jwtVerify(assertion, find, {
      audience: settings.issuer,
      clockTolerance: SKEW,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'jti'],
    })
    const now = Math.floor(Date.now() / 1000)
    const inTime =
      payload.exp <= now + MAX_LIFETIME + SKEW &&
      (payload.iat === undefined || (payload.iat <= now + SKEW && now <= payload.iat + MAX_LIFETIME + SKEW))
    if (payload.iss !== known.issuer || !inTime) throw new Refused(400, 'invalid_grant')
    return payload
  } catch {
    throw new Refused(400, 'invalid_grant')
  }
}

function grantedScope(client, asked) {
  if (asked === undefined) return client.scope
  if (!asked.split(' ').every((scope) => client.scopes.has(scope))) throw new Refused(400, 'invalid_scope')
  return asked
}

const server = Fastify()
server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => done(null, parse(body)))
server.setErrorHandler((error, _, reply) => reply.code(error.status ?? 500).send({ error: error.code ?? 'server_error' }))

server.post('/oauth2/token', async (request, reply) => {
  const { id, client } = authenticate(request.headers.authorization)
  const { grant_type, assertion, scope: asked } = request.body
  if (grant_type !== JWT_BEARER) throw new Refused(400, 'unsupported_grant_type')
  const claims = await verify(assertion)
  const scope = grantedScope(client, asked)
  const { changes } = reserve.run(sha256(`${claims.iss}\n${claims.jti}`), claims.exp + SKEW)
  if (changes !== 1) throw new Refused(400, 'invalid_grant')
  const now = Math.floor(Date.now() / 1000)
  const token = await new SignJWT({ client_id: id, scope, assertion_issuer: claims.iss })
    .setProtectedHeader({ typ: 'at+jwt', alg: settings.alg, kid: 'rival' })
    .setIssuer(settings.issuer)
    .setSubject(claims.sub)
    .setAudience(settings.issuer)
    .setIssuedAt(now)
    .setExpirationTime(now + LIFETIME)
    .setJti(randomBytes(16).toString('base64url'))
    .sign(privateKey)
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  return { access_token: token, token_type: 'Bearer', expires_in: LIFETIME, scope }
})

const [host, port] = settings.listen.split(':')
await server.listen({ host, port: Number(port) })
process.on('SIGTERM', () => process.exit(0))
