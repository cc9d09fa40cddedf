"""Verifies Standard Webhooks signatures of the kind v1a by other means than the server's.

Reads {"public_key", "id", "timestamp", "signature", "body"} as JSON, prints "valid" or "invalid".
"""

import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

told = json.load(sys.stdin)
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(told["public_key"].removeprefix("whpk_")))
signed = f"{told['id']}.{told['timestamp']}.{told['body']}".encode()
valid = False
for signature in told["signature"].split(" "):
    version, _, encoded = signature.partition(",")
    if version == "v1a":
        try:
            key.verify(base64.b64decode(encoded), signed)
            valid = True
        except InvalidSignature:
            pass
print("valid" if valid else "invalid")
