//! R64: OAuth clients and resource servers of other people do their work with us, and know nothing of us but our
//! issuer identifier: oauth4webapi, openid-client and jose in JavaScript, Authlib, requests_oauth2client, joserfc and PyJWT
//! in Python. `docs/clients.md` has the table of what runs.

mod clients;
mod discovery;
mod grants;
mod keys;
mod table;
mod tokens;
