"""Makes a token that allows to read, and the keys by which a server of XRootD knows it without asking its issuer.

bearer.py FOLDER prints the token; the keys lie in FOLDER as libscitokens keeps those that it has fetched.
"""
import base64
import json
import os
import sqlite3
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://tests.invalid"


def coded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return coded(json.dumps(value).encode())


key = ec.generate_private_key(ec.SECP256R1())
point = key.public_key().public_numbers()
x, y = (coded(number.to_bytes(32, "big")) for number in (point.x, point.y))
keys = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "use": "sig", "x": x, "y": y}]}
now = int(time.time())
kept = os.path.join(sys.argv[1], "scitokens")
os.makedirs(kept)
with sqlite3.connect(os.path.join(kept, "scitokens_cpp.sqllite")) as table:
    table.execute("CREATE TABLE keycache (issuer text UNIQUE PRIMARY KEY NOT NULL, keys text NOT NULL)")
    said = json.dumps({"jwks": keys, "expires": now + 86_400, "next_update": now + 80_000})
    table.execute("INSERT INTO keycache VALUES (?, ?)", (ISSUER, said))
claims = {"iss": ISSUER, "sub": "reader", "aud": "tests", "ver": "scitoken:2.0", "scope": "read:/", "jti": "1"}
claims |= {"iat": now - 10, "nbf": now - 10, "exp": now + 3_600}
text = part({"alg": "ES256", "typ": "JWT", "kid": "k"}) + "." + part(claims)
r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
print(text + "." + coded(r.to_bytes(32, "big") + s.to_bytes(32, "big")))
