"""Serves the files of a folder as a bucket, to a user with keys whose signatures are checked.

s3_server.py FOLDER: prints port, key id and secret on one line, and serves until its input ends.
"""
import json
import os
import sys

import boto3
import moto.settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.server import ThreadedMotoServer

os.environ.update(AWS_ACCESS_KEY_ID="setup", AWS_SECRET_ACCESS_KEY="setup", AWS_DEFAULT_REGION="us-east-1")
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
at = {"endpoint_url": f"http://127.0.0.1:{port}"}

s3 = boto3.client("s3", **at)
s3.create_bucket(Bucket="bucket")
folder = sys.argv[1]
for name in sorted(os.listdir(folder)):
    s3.upload_file(os.path.join(folder, name), "bucket", f"tables/{name}")
s3.upload_file(os.path.join(folder, "plain.parquet"), "bucket", "tables/a folder+/pl%ain ü.parquet")

iam = boto3.client("iam", **at)
iam.create_user(UserName="reader")
allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=policy)
key = iam.create_access_key(UserName="reader")["AccessKey"]

# From now on, who asks must be known and sign.
moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
ActionAuthenticatorMixin.request_count = 0
print(port, key["AccessKeyId"], key["SecretAccessKey"], flush=True)
sys.stdin.read()
