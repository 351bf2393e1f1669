// What the scripts of the client libraries share: what they are given, how they tell, and what is the same by any library.

import { decodeJwt } from 'jose'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const JWT = 'urn:ietf:params:oauth:token-type:jwt'

const [capability, text] = process.argv.slice(2)

/** The issuer identifier, credentials, and what the capability is tried with. */
export const given = JSON.parse(text)

/** The OAuth error that a library reads from a refusal. */
export const refusal = (attempt) => attempt.then(
  () => null,
  // A 401 is a challenge to it, anything else an error in the body.
  (error) => error.error ?? error.cause?.[0]?.scheme ?? String(error))

/** Those that need no more of a library than its exchange of an assertion. */
export const ofExchange = (exchange) => ({
  async 'id-jag'() {
    const { sub, client_id, scope } = decodeJwt((await exchange(given.assertion)).access_token)
    return {
      sub,
      client_id,
      scope,
      replayed: await refusal(exchange(given.assertion)),
      of_another_client: await refusal(exchange(given.of_another_client)),
    }
  },

  async 'private-key-jwt'() {
    const { client_id } = decodeJwt((await exchange(given.assertion)).access_token)
    return { client_id, replayed: await refusal(exchange(given.assertion)) }
  },
})

/** Does what was asked for, and prints what it saw. */
export const show = async (capabilities) => console.log(JSON.stringify(await capabilities[capability]()))
