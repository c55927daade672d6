"""A full disk: errors for those who write, answers for those who read, no damage."""

import os
import subprocess

import aws
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from clary_server import ClaryServer

MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """48 MiB of tmpfs."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_full_and_freed(small_disk):
    """Uploads fail with an error, what was acknowledged stays whole, and room makes it work."""
    server = ClaryServer(small_disk / "data")
    server.data_dir.mkdir()
    server.log_path = small_disk.parent / "server.log"
    server.client_home = lambda: small_disk.parent
    server.start()
    try:
        clients = aws.Clients(server)
        clients.s3.create_bucket(Bucket="full")
        written, failures = [], 0
        for number in range(80):
            try:
                clients.s3.put_object(Bucket="full", Key=f"k{number}",
                                      Body=bytes([number]) * MIB)
                written.append(number)
            except (ClientError, BotoCoreError) as error:
                failures += 1
                if isinstance(error, ClientError):
                    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                    assert status in (500, 503, 507), error
                if failures > 5:
                    break
        assert len(written) > 10 and failures > 0
        assert server.process.poll() is None, server.log_tail()
        for number in written:
            body = clients.s3.get_object(Bucket="full", Key=f"k{number}")["Body"].read()
            assert body == bytes([number]) * MIB
        for number in written[:20]:
            aws.wait_until(lambda n=number: deleted(clients, n), 20)

        def works_again():
            try:
                return clients.s3.put_object(Bucket="full", Key="again", Body=b"x" * MIB)
            except ClientError:
                return None
        aws.wait_until(works_again, 20)
        assert server.stop() == 0
        server.start()
        for number in written[20:]:
            body = clients.s3.get_object(Bucket="full", Key=f"k{number}")["Body"].read()
            assert body == bytes([number]) * MIB
    finally:
        server.remove()


def deleted(clients, number):
    """Deleting must work on a full disk, or nobody could ever make room."""
    try:
        return clients.s3.delete_object(Bucket="full", Key=f"k{number}")
    except ClientError:
        return None


def test_filled_by_documents(small_disk):
    """Documents may take the last byte: writing fails in words, reading goes on, nothing is lost."""
    server = ClaryServer(small_disk / "data")
    server.data_dir.mkdir()
    server.log_path = small_disk.parent / "server.log"
    server.client_home = lambda: small_disk.parent
    server.start()
    try:
        clients = aws.Clients(server)
        clients.s3.create_bucket(Bucket="full")
        clients.s3.put_object(Bucket="full", Key="k0", Body=b"x" * MIB)
        (small_disk / "other").write_bytes(b"x" * 36 * MIB)
        made = []
        for number in range(3000):
            try:
                clients.sagemaker.create_experiment(ExperimentName=f"e{number}",
                                                    Description="x" * 3000)
                made.append(number)
            except ClientError as error:
                assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
                break
        assert 0 < len(made) < 3000
        for number in made[::50]:
            assert clients.sagemaker.describe_experiment(ExperimentName=f"e{number}")
        assert deleted(clients, 0)
        (small_disk / "other").unlink()
        clients.sagemaker.create_experiment(ExperimentName="again")
        assert server.stop() == 0
        server.start()
        for number in made[::50]:
            assert clients.sagemaker.describe_experiment(ExperimentName=f"e{number}")
    finally:
        server.remove()
