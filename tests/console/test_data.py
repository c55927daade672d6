"""Buckets and objects: making, sending, looking into, taking away."""

import io
import struct
import zlib

import aws
import pyarrow as arrow
import pytest
from console import WORK_MS
from playwright.sync_api import expect
from pyarrow import parquet

HEADED = "age,income,city,member\n" + "".join(
    f"{20 + i % 50},{30000 + i * 37.5},{('Oslo', 'Rome', 'Lima')[i % 3]},{str(i % 2 == 0).lower()}\n"
    for i in range(400))


def png(width=32, height=16):
    """A picture of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\x30\x80\xc0" * width for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def put(clients, bucket, key, body, **more):
    clients.s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def choose(page, key):
    page.get_by_role("checkbox", name=f"Select {key}", exact=True).check()


def action(page, name):
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name=name).click()


def test_a_bucket_from_making_to_deleting(owner, clients):
    """A bucket that holds versions is emptied and deleted, once its name is typed."""
    page, name = owner.open("/data"), aws.unique("made")
    page.get_by_role("button", name="Create a bucket").first.click()
    page.get_by_role("textbox", name="Name").fill("No Good")
    expect(page.get_by_text("with a letter or digit at both ends")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("checkbox", name="Keep older versions").check()
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text(f"Bucket {name} was created.")).to_be_visible()
    assert clients.s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    for body in (b"1", b"2"):
        put(clients, name, "a/b.txt", body)
    clients.s3.delete_object(Bucket=name, Key="a/b.txt")
    put(clients, name, "c.txt", b"three")
    page.get_by_role("searchbox").fill(name)
    choose(page, name)
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 object, 5 bytes will be deleted")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill(name)
    owner.check("data-delete-bucket")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Bucket {name} was deleted.")).to_be_visible()
    assert name not in [one["Name"] for one in clients.s3.list_buckets()["Buckets"]]


def test_the_list_of_buckets(owner, churn):
    page = owner.open("/data")
    expect(page.get_by_role("link", name=churn)).to_be_visible()
    owner.check("data-buckets")
    owner.check_narrow("data-buckets")


def test_folders_upload_and_delete(owner, clients, bucket):
    """Files arrive below the folder that is shown; a folder goes with all that is in it."""
    put(clients, bucket, "train/one.csv", "1,2\n")
    put(clients, bucket, "readme.md", "# Hello")
    page = owner.open(f"/data/{bucket}")
    expect(page.get_by_role("link", name="train/")).to_be_visible()
    page.get_by_role("link", name="train/").click()
    expect(page.get_by_role("link", name="one.csv")).to_be_visible()
    page.get_by_test_id("files").set_input_files([
        {"name": "two words & more.csv", "mimeType": "text/csv", "buffer": b"3,4\n"}])
    expect(page.get_by_text("1 upload of 1 done")).to_be_visible()
    expect(page.get_by_role("link", name="two words & more.csv")).to_be_visible()
    sent = clients.s3.get_object(Bucket=bucket, Key="train/two words & more.csv")
    assert sent["Body"].read() == b"3,4\n" and sent["ContentType"] == "text/csv"
    owner.check("data-folder")
    page.get_by_role("navigation", name="Folders").get_by_role("link", name=bucket).click()
    choose(page, "train/")
    action(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 objects, 8 bytes will be deleted")).to_be_visible()
    dialog.get_by_role("textbox").fill("train")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"2 objects deleted from {bucket}.")).to_be_visible()
    expect(page.get_by_role("link", name="train/")).to_be_hidden()
    assert [one["Key"] for one in clients.s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["readme.md"]


def test_files_that_are_dropped(owner, clients, bucket):
    page = owner.open(f"/data/{bucket}")
    expect(page.get_by_text("This bucket is empty")).to_be_visible()
    owner.check("data-empty")
    page.get_by_test_id("drop").evaluate("""area => {
        const data = new DataTransfer();
        data.items.add(new File(['x,y\\n1,2\\n'], 'dropped.csv', { type: 'text/csv' }));
        for (const kind of ['dragenter', 'dragover', 'drop']) {
            area.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }
    }""")
    expect(page.get_by_role("link", name="dropped.csv")).to_be_visible()
    assert clients.s3.get_object(Bucket=bucket, Key="dropped.csv")["Body"].read() == b"x,y\n1,2\n"


def test_a_large_upload_goes_on_where_it_ended(owner, clients, bucket, tmp_path):
    """Parts that an earlier try has sent are kept when they are this file's, else sent again."""
    size, part = 40 << 20, 8 << 20
    content = b"".join(bytes([i]) * part for i in range(1, 6))
    file = tmp_path / "big.bin"
    file.write_bytes(content)
    begun = clients.s3.create_multipart_upload(Bucket=bucket, Key="big.bin", ChecksumAlgorithm="CRC32")
    for number, body in ((1, content[:part]), (2, b"\7" * part), (3, content[2 * part:3 * part])):
        clients.s3.upload_part(Bucket=bucket, Key="big.bin", UploadId=begun["UploadId"],
                               PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
    page = owner.open(f"/data/{bucket}")
    expect(page.get_by_text("1 unfinished upload")).to_be_visible()
    page.get_by_test_id("files").set_input_files(str(file))
    expect(page.get_by_text("16 MiB were there from an earlier try")).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_text("1 upload of 1 done")).to_be_visible(timeout=WORK_MS)
    arrived = clients.s3.get_object(Bucket=bucket, Key="big.bin")["Body"].read()
    assert len(arrived) == size and arrived == content
    assert "Uploads" not in clients.s3.list_multipart_uploads(Bucket=bucket)


def test_an_upload_outlasts_a_restart_of_the_server(owner, bucket, clients, tmp_path):
    """Killed in the middle: nothing that had arrived is sent again, and the object is whole."""
    content = bytes(range(256)) * (1 << 18)  # 64 MiB
    file = tmp_path / "long.bin"
    file.write_bytes(content)
    page = owner.open(f"/data/{bucket}")
    expect(page.get_by_text("This bucket is empty")).to_be_visible()
    page.get_by_test_id("files").set_input_files(str(file))
    # The first part is there, others are not.
    expect(page.get_by_text(" of 64 MiB").first).to_be_visible()
    owner.server.kill()
    owner.server.start()
    expect(page.get_by_text("1 upload of 1 done")).to_be_visible(timeout=WORK_MS)
    assert clients.s3.get_object(Bucket=bucket, Key="long.bin")["Body"].read() == content


def test_an_unfinished_upload_is_removed(owner, clients, bucket):
    clients.s3.create_multipart_upload(Bucket=bucket, Key="left.bin")
    page = owner.open(f"/data/{bucket}")
    page.get_by_text("1 unfinished upload").click()
    page.get_by_role("button", name="Remove the unfinished upload of left.bin").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("1 unfinished upload")).to_be_hidden()
    assert "Uploads" not in clients.s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("zipped", [False, True])
def test_preview_of_csv(owner, clients, bucket, zipped):
    """Types, ranges and histograms of the rows that were read, which the page says."""
    key = "people.csv.gz" if zipped else "people.csv"
    put(clients, bucket, key, aws.gzipped(HEADED.encode()) if zipped else HEADED)
    page = owner.open(f"/data/{bucket}/object?key={key}")
    expect(page.get_by_text("CSV, separated by commas, with a header line. All of its 400 rows.")).to_be_visible()
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row", name="age")).to_contain_text("integer")
    expect(columns.get_by_role("row", name="age")).to_contain_text("20 to 69")
    expect(columns.get_by_role("row", name="income")).to_contain_text("number")
    expect(columns.get_by_role("row", name="city")).to_contain_text("Oslo")
    expect(columns.get_by_role("row", name="member")).to_contain_text("yes or no")
    bars = columns.get_by_role("img", name="Histogram of income").locator("rect")
    expect(bars).to_have_count(20)
    if not zipped:
        owner.check("data-preview-csv")


def test_preview_of_a_part_of_a_large_file(owner, clients, bucket):
    """Only the first megabyte is asked for."""
    put(clients, bucket, "wide.csv", "a,b\n" + "123456,7.5\n" * 400_000)
    asked = []
    owner.page.on("request", lambda request: asked.append(request.headers.get("range")))
    page = owner.open(f"/data/{bucket}/object?key=wide.csv")
    expect(page.get_by_text("The first 5,000 rows, from 1.0 MiB of 4.2 MiB.")).to_be_visible()
    assert [one for one in asked if one] == ["bytes=0-1048575"]


def test_preview_of_json_lines(owner, clients, bucket):
    lines = "".join('{"id": %d, "ok": %s, "tags": ["a", "b"]}\n' % (i, "true" if i % 3 else "null")
                    for i in range(50))
    put(clients, bucket, "events.jsonl", lines)
    page = owner.open(f"/data/{bucket}/object?key=events.jsonl")
    expect(page.get_by_text("JSON lines. All of its 50 rows.")).to_be_visible()
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row", name="tags")).to_contain_text("nested")
    expect(columns.get_by_role("row", name="ok")).to_contain_text("17")


def test_preview_of_a_picture(owner, clients, bucket):
    put(clients, bucket, "dot.png", png(), ContentType="image/png")
    page = owner.open(f"/data/{bucket}/object?key=dot.png")
    picture = page.get_by_role("img", name="What dot.png shows")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 32
    owner.check("data-preview-image")


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "lz4", "none"])
def test_preview_of_parquet(owner, clients, bucket, codec):
    """The schema at the end and the first rows, by ranges, whatever packed them."""
    table = arrow.table({"serial": arrow.array(range(20_000), arrow.int64()),
                         "share": [i / 20_000 for i in range(20_000)],
                         "word": [("red", "green")[i % 2] for i in range(20_000)]})
    out = io.BytesIO()
    parquet.write_table(table, out, compression=codec)
    put(clients, bucket, "rows.parquet", out.getvalue())
    page = owner.open(f"/data/{bucket}/object?key=rows.parquet")
    expect(page.get_by_text("The first 5,000 rows of 20,000")).to_be_visible()
    columns = page.get_by_role("table", name="Columns")
    expect(columns.get_by_role("row", name="serial")).to_contain_text("integer (int64)")
    expect(columns.get_by_role("row", name="serial")).to_contain_text("0 to 4999")
    expect(columns.get_by_role("row", name="word")).to_contain_text("red")
    if codec == "snappy":
        owner.check("data-preview-parquet")


def test_text_and_bytes(owner, clients, bucket):
    put(clients, bucket, "notes.txt", "first line\nsecond line\n")
    put(clients, bucket, "model.bin", bytes(range(256)) * 8)
    put(clients, bucket, "nothing", b"")
    page = owner.open(f"/data/{bucket}/object?key=notes.txt")
    expect(page.get_by_role("region", name="Text of notes.txt")).to_contain_text("second line")
    page = owner.open(f"/data/{bucket}/object?key=model.bin")
    expect(page.get_by_role("region", name="First bytes of model.bin")).to_contain_text("000010  10 11 12")
    page = owner.open(f"/data/{bucket}/object?key=nothing")
    expect(page.get_by_text("The object is empty.")).to_be_visible()


def test_download_is_always_a_file(owner, clients, bucket):
    """Also of HTML, which must not become a page of this address."""
    put(clients, bucket, "p/page é.html", b"<script>alert(1)</script>", ContentType="text/html")
    page = owner.open(f"/data/{bucket}/object?key=p/page é.html")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    assert started.value.suggested_filename == "page é.html"
    assert started.value.path().read_bytes() == b"<script>alert(1)</script>"


def test_a_page_in_a_bucket_cannot_speak_for_who_is_signed_in(owner, clients, bucket):
    """HTML of a bucket has the console's address: its scripts run, but without the session."""
    ask = ("fetch('/_console/credentials', {method: 'POST', headers: {'X-Clary-Console': '1'}})"
           ".then(answer => answer.text(), () => 'refused')")
    trap = f"<title>-</title><script>{ask}.then(text => document.title = text)</script>"
    put(clients, bucket, "trap.html", trap, ContentType="text/html")
    link = clients.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "trap.html"})
    page = owner.context.new_page()
    page.goto(link)
    expect(page).to_have_title("refused")
    assert "SecretAccessKey" in owner.page.evaluate(f"() => {ask}"), "nobody may: this test shows nothing"


def test_details_versions_and_tags(owner, clients, bucket):
    clients.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in ("old", "newer"):
        put(clients, bucket, "v.txt", body, Metadata={"who": "ann"}, ServerSideEncryption="AES256")
    page = owner.open(f"/data/{bucket}/object?key=v.txt")
    page.get_by_role("tab", name="Details").click()
    expect(page.get_by_text("who = ann")).to_be_visible()
    expect(page.get_by_text("AES256")).to_be_visible()
    expect(page.get_by_text(f"s3://{bucket}/v.txt")).to_be_visible()
    owner.check("data-details")
    page.get_by_role("tab", name="Versions").click()
    versions = page.get_by_role("table", name="Versions")
    expect(versions.get_by_role("row")).to_have_count(3)
    owner.check("data-versions")
    old = versions.get_by_role("row").nth(2)
    old.get_by_role("link").click()
    page.get_by_role("tab", name="Preview").click()
    expect(page.get_by_role("region", name="Text of v.txt")).to_have_text("old")
    page = owner.open(f"/data/{bucket}/object?key=v.txt&tab=tags")
    page.get_by_role("button", name="Add a tag").click()
    page.get_by_role("textbox", name="Key").fill("stage")
    page.get_by_role("textbox", name="Value").fill("raw")
    page.get_by_role("button", name="Save the tags").click()
    expect(page.get_by_text("The tags were saved.")).to_be_visible()
    tags = clients.s3.get_object_tagging(Bucket=bucket, Key="v.txt")["TagSet"]
    assert tags == [{"Key": "stage", "Value": "raw"}]
    aws.empty_versions(clients.s3, bucket, delete_bucket=False)


def test_settings_of_a_bucket(owner, clients, bucket):
    page = owner.open(f"/data/{bucket}?tab=settings")
    expect(page.get_by_text("Never enabled")).to_be_visible()
    owner.check("data-settings")
    page.get_by_role("button", name="Keep versions").click()
    page.get_by_role("dialog").get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Enabled", exact=True)).to_be_visible()
    assert clients.s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_what_may_not_be_seen(owner, clients, bucket):
    """A bucket that is not there, and one whose policy says no: words, no empty table."""
    page = owner.open("/data/there-is-no-such-bucket")
    expect(page.get_by_text("There is no such thing here")).to_be_visible()
