"""The identity provider of an enterprise: Authlib signs ID-JAGs about alice (IDJAGGrant.sign), one for each client.

Usage: id_jag_issuer.py PROVIDER PRIVATE_KEY AUDIENCE CLIENT_ID…; prints a list of them.
"""

import json
import sys
import time

from authlib.oauth2.drafts import IDJAGGrant
from joserfc.jwk import ECKey

provider, pem, audience, *client_ids = sys.argv[1:]
print(json.dumps([
    IDJAGGrant.sign(
        ECKey.import_key(pem), provider, audience, "alice", client_id, expires_at=int(time.time()) + 300,
        claims={"scope": "read admin"}, alg="ES256",
    )
    for client_id in client_ids
]))
