"""An S3 service for tests: moto in a process of its own, which checks signatures and rights."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.demo.servers import HOST


@dataclass(frozen=True)
class S3Server:
    """An S3 service that checks signatures; `reader` may look and not write, `bucket` exists."""

    port: int
    key: tuple[str, str]
    reader: tuple[str, str]
    bucket: str = "landing"

    @property
    def endpoint(self):
        return f"http://{HOST}:{self.port}"

    def client(self):
        """Return a boto3 client with the full key, to look at what is there."""
        import boto3

        access, secret = self.key
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=access,
            aws_secret_access_key=secret,
        )

    def objects(self, bucket=None):
        """Return the keys of all objects."""
        found = self.client().list_objects_v2(Bucket=bucket or self.bucket)
        return [entry["Key"] for entry in found.get("Contents", [])]


_MOTO = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
_POLICIES = {
    "writer": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    "reader": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}',
}
_SET_UP_CALLS = 8


@contextmanager
def moto_s3() -> Iterator[S3Server]:
    """Run moto as a process of its own, with signatures and policies enforced after its set-up."""
    import boto3

    environ = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_SET_UP_CALLS)}
    command = [sys.executable, "-W", "ignore", "-c", _MOTO]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = int(process.stdout.readline())
            made = {"endpoint_url": f"http://{HOST}:{port}", "region_name": "us-east-1"}
            made |= {"aws_access_key_id": "set-up", "aws_secret_access_key": "set-up"}
            iam, s3 = boto3.client("iam", **made), boto3.client("s3", **made)
            keys = {}
            for name, policy in _POLICIES.items():
                iam.create_user(UserName=name)
                iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=policy)
                key = iam.create_access_key(UserName=name)["AccessKey"]
                keys[name] = key["AccessKeyId"], key["SecretAccessKey"]
            s3.create_bucket(Bucket="landing")
            where = {"LocationConstraint": "eu-west-1"}
            s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration=where)
            yield S3Server(port, keys["writer"], keys["reader"])
        finally:
            process.stdin.close()
            process.terminate()
            process.wait(20)
