"""S3: bodies larger than anyone should hold in memory."""

import hashlib
import threading

import aws

SIZE = 200 * 1024 * 1024
BLOCK = bytes(range(256)) * 4096


class Source:
    """A file of `size` bytes that exists nowhere."""

    def __init__(self, size):
        self.size, self.at = size, 0

    def read(self, amount=-1):
        amount = self.size - self.at if amount < 0 else min(amount, self.size - self.at)
        start = self.at % len(BLOCK)
        pieces = (BLOCK * (amount // len(BLOCK) + 2))[start:start + amount]
        self.at += amount
        return pieces

    def seek(self, offset, whence=0):
        self.at = offset if whence == 0 else (self.at if whence == 1 else self.size) + offset
        return self.at

    def tell(self):
        return self.at

    def seekable(self):
        return True


def peak_while(server, work):
    """The largest resident size of the server while `work` runs."""
    peak, stop = [0], threading.Event()

    def watch():
        while not stop.wait(0.02):
            peak[0] = max(peak[0], server.rss_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = work()
    finally:
        stop.set()
        watcher.join()
    return peak[0], result


def read_digest(clients, bucket, key):
    digest, total = hashlib.sha256(), 0
    for block in clients.s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
        digest.update(block)
        total += len(block)
    return digest.hexdigest(), total


def test_200_mb_pass_through_in_bounded_memory(server, clients, bucket):
    """Models are large; the server's memory must not depend on the object's size."""
    wanted = hashlib.sha256()
    source = Source(SIZE)
    while block := source.read(1 << 20):
        wanted.update(block)
    before = server.rss_bytes()
    put_peak, _ = peak_while(server, lambda: clients.s3.put_object(
        Bucket=bucket, Key="big", Body=Source(SIZE), ContentLength=SIZE))
    get_peak, got = peak_while(server, lambda: read_digest(clients, bucket, "big"))
    assert got == (wanted.hexdigest(), SIZE)
    assert max(put_peak, get_peak) - before < 64 * 1024 * 1024, (before, put_peak, get_peak)


def test_slow_readers_hold_no_memory(server, clients, bucket):
    """Ten clients that read a large object slowly must not make the server buffer it."""
    clients.s3.put_object(Bucket=bucket, Key="big", Body=Source(SIZE // 4))
    before = server.rss_bytes()
    bodies = [clients.client("s3").get_object(Bucket=bucket, Key="big")["Body"] for _ in range(10)]
    for body in bodies:
        body.read(1000)
    after = server.rss_bytes()
    for body in bodies:
        body.close()
    assert after - before < 64 * 1024 * 1024
    aws.wait_until(lambda: clients.s3.head_object(Bucket=bucket, Key="big"))
