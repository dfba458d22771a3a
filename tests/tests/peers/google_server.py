"""Serves the files of a folder as a bucket of Google to those with a token, and gives tokens to an account.

google_server.py FOLDER KEY: KEY is where the account's private key is written; prints the ports of the bucket and of the
tokens, and serves until its input ends.
"""
import base64
import json
import os
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from gcp_storage_emulator.server import create_server

TOKEN = "ya29.a-token-of-the-tests"
store = create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
store.start()
at = f"http://127.0.0.1:{store._api._httpd.server_port}"
folder = sys.argv[1]
names = {f"tables/{name}": name for name in sorted(os.listdir(folder))}
names["tables/a folder+/pl%ain ü.parquet"] = "plain.parquet"
for key, name in names.items():
    with open(os.path.join(folder, name), "rb") as file:
        url = f"{at}/upload/storage/v1/b/bucket/o?uploadType=media&name={urllib.parse.quote(key, safe='')}"
        request = urllib.request.Request(url, data=file.read(), headers={"Content-Type": "application/octet-stream"})
        urllib.request.urlopen(request).read()

private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
text = private.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
with open(sys.argv[2], "wb") as file:
    file.write(text)


def part(coded):
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Bucket(Quiet):
    """The emulator, which lets everybody in, behind a look at the token."""

    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.say(401, b"{}")
        try:
            with urllib.request.urlopen(at + self.path) as answer:
                body, kind = answer.read(), answer.headers.get("Content-Type")
        except urllib.error.HTTPError as error:
            return self.say(error.code, error.read())
        if "alt=media" not in self.path:
            return self.say(200, body, [("Content-Type", kind)])
        tag = ("ETag", f'"{len(body)}"')
        wanted = self.headers.get("Range")
        if not wanted:
            return self.say(200, body, [tag])
        first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
        last = min(last, len(body) - 1)
        self.say(206, body[first : last + 1], [tag, ("Content-Range", f"bytes {first}-{last}/{len(body)}")])


class Tokens(Quiet):
    """Gives the token for what the account has signed."""

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        try:
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            head, claims, signature = form["assertion"].split(".")
            private.public_key().verify(part(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
            said = json.loads(part(claims))
            assert said["iss"] == "reader@tests" and said["aud"].endswith("/token") and said["exp"] > said["iat"]
            assert json.loads(part(head))["alg"] == "RS256"
        except Exception as error:
            return self.say(400, json.dumps({"error": repr(error)}).encode())
        self.say(200, json.dumps({"access_token": TOKEN, "expires_in": 3599}).encode())


ports = []
for handler in (Bucket, Tokens):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports.append(server.server_port)
print(*ports, flush=True)
sys.stdin.read()
os._exit(0)
