"""Puts the files of a folder into a container of Azurite: azure_server.py ADDRESS FOLDER prints a token to read with."""
import datetime
import os
import sys

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

ACCOUNT = "devstoreaccount1"
# The key that everybody's Azurite has.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

service = BlobServiceClient(f"{sys.argv[1]}/{ACCOUNT}", credential=KEY)
container = service.create_container("bucket")
folder = sys.argv[2]
for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), "rb") as file:
        container.upload_blob(f"tables/{name}", file)
with open(os.path.join(folder, "plain.parquet"), "rb") as file:
    container.upload_blob("tables/a folder+/pl%ain ü.parquet", file)
end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
may = ContainerSasPermissions(read=True, list=True)
print(generate_container_sas(ACCOUNT, "bucket", account_key=KEY, permission=may, expiry=end))
