// Objects through the S3 operations: put, get, head, copy, delete, list.
#include "api/s3/s3_fixture.h"
#include "wire/checksum.h"

namespace clary::api::s3 {
namespace {

class ObjectsTest : public S3Fixture {};

TEST_F(ObjectsTest, ComeBackWithTheirHeaders) {
  const auto made = put("a%20b/c", "hello",
                        {{"Content-Type", "text/plain"},
                         {"Cache-Control", "no-cache"},
                         {"Content-Encoding", "aws-chunked,gzip"},
                         {"x-amz-meta-Color", "blue"},
                         {"x-amz-tagging", "a=1&b=x+y"}});
  ASSERT_EQ(made.status, 200U) << made.body;
  EXPECT_EQ(made.header("ETag"), "\"5d41402abc4b2a76b9719d911017c592\"");
  const auto got = send("GET", "/bucket/a%20b/c");
  EXPECT_EQ(got.status, 200U);
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.header("Content-Type"), "text/plain");
  EXPECT_EQ(got.header("Cache-Control"), "no-cache");
  EXPECT_EQ(got.header("Content-Encoding"), "gzip");
  EXPECT_EQ(got.header("x-amz-meta-color"), "blue");
  EXPECT_EQ(got.header("x-amz-tagging-count"), "2");
  EXPECT_EQ(got.header("Last-Modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(got.header("Accept-Ranges"), "bytes");
  EXPECT_FALSE(got.headers.find("x-amz-server-side-encryption"));  // it is not encrypted
  EXPECT_FALSE(got.headers.find("requested-encryption"));
  const auto head = send("HEAD", "/bucket/a%20b/c");
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_TRUE(send("GET", "/bucket/a%20b/c?tagging").has("<Key>b</Key><Value>x y</Value>"));
}

TEST_F(ObjectsTest, LargeOnesStreamInPieces) {
  const auto bytes = pattern(5'300'000);
  ASSERT_EQ(put("big", bytes).status, 200U);
  EXPECT_EQ(send("GET", "/bucket/big").body, bytes);
  const auto part = send("GET", "/bucket/big", {{"Range", "bytes=1000000-4999999"}});
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(part.body, bytes.substr(1'000'000, 4'000'000));
  EXPECT_EQ(part.header("Content-Range"), "bytes 1000000-4999999/5300000");
  for (const std::size_t size : {1048575UL, 1048576UL, 1048577UL, 2097152UL}) {
    put("edge", pattern(size));
    EXPECT_EQ(send("GET", "/bucket/edge").body, pattern(size)) << size;
  }
}

TEST_F(ObjectsTest, ABodyCutShortLeavesNothing) {
  fail_below_ = 100'000;
  EXPECT_THROW(put("cut", pattern(3'000'000)), BodyError);
  EXPECT_THROW(put("cut small", pattern(3'000)), BodyError);
  EXPECT_EQ(send("GET", "/bucket/cut").element("Code"), "NoSuchKey");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "data")) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 0U);
}

TEST_F(ObjectsTest, ConditionsAndRangesOfGet) {
  put("k", "0123456789");
  const std::string etag = "\"781e5e245d69b566979b86e28d23f2c7\"";
  const std::string date = "Tue, 14 Nov 2023 22:13:20 GMT", later = "Wed, 15 Nov 2023 00:00:00 GMT",
                    earlier = "Mon, 13 Nov 2023 00:00:00 GMT";
  const std::pair<HeaderList, unsigned> cases[] = {
      {{{"If-Match", etag}}, 200},
      {{{"If-Match", "\"other\""}}, 412},
      {{{"If-Match", "*"}}, 200},
      {{{"If-Match", etag}, {"If-Unmodified-Since", earlier}}, 200},
      {{{"If-Unmodified-Since", earlier}}, 412},
      {{{"If-Unmodified-Since", date}}, 200},
      {{{"If-None-Match", etag}}, 304},
      {{{"If-None-Match", "\"x\", " + etag}}, 304},
      {{{"If-None-Match", "\"other\""}, {"If-Modified-Since", later}}, 200},
      {{{"If-Modified-Since", date}}, 304},
      {{{"If-Modified-Since", earlier}}, 200},
      {{{"Range", "bytes=0-3"}}, 206},
      {{{"Range", "bytes=-3"}}, 206},
      {{{"Range", "bytes=9-"}}, 206},
      {{{"Range", "bytes=10-"}}, 416},
      {{{"Range", "bytes=-0"}}, 416},
      {{{"Range", "lines=1-2"}}, 200},
      {{{"Range", "bytes=5-2"}}, 200}};
  for (const auto& [headers, status] : cases) {
    EXPECT_EQ(send("GET", "/bucket/k", headers).status, status)
        << headers.front().first << ": " << headers.front().second;
    EXPECT_EQ(send("HEAD", "/bucket/k", headers).status, status);
  }
  EXPECT_EQ(send("GET", "/bucket/k", {{"Range", "bytes=-3"}}).body, "789");
  EXPECT_EQ(send("GET", "/bucket/k", {{"Range", "bytes=10-"}}).element("ActualObjectSize"), "10");
  EXPECT_EQ(send("GET", "/bucket/k", {{"If-None-Match", etag}}).header("ETag"), etag);
  EXPECT_EQ(send("GET", "/bucket/k?partNumber=1").status, 206U);
  EXPECT_EQ(send("GET", "/bucket/k?partNumber=2").element("Code"), "InvalidPart");
}

TEST_F(ObjectsTest, TheQueryOverrulesHeaders) {
  put("k", "x", {{"Content-Type", "text/plain"}});
  const auto got = send("GET",
                        "/bucket/k?response-content-type=a%2Fb&"
                        "response-content-disposition=attachment");
  EXPECT_EQ(got.header("Content-Type"), "a/b");
  EXPECT_EQ(got.header("Content-Disposition"), "attachment");
}

TEST_F(ObjectsTest, AbsentOnesSaySo) {
  const auto got = send("GET", "/bucket/none");
  EXPECT_EQ(got.status, 404U);
  EXPECT_EQ(got.element("Code"), "NoSuchKey");
  EXPECT_EQ(got.element("Key"), "none");
  EXPECT_EQ(send("GET", "/none/k").element("Code"), "NoSuchBucket");
  EXPECT_EQ(send("HEAD", "/bucket/none").status, 404U);
  EXPECT_EQ(send("GET", "/bucket/none?versionId=abc").element("Code"), "NoSuchVersion");
  EXPECT_EQ(send("PUT", "/bucket/" + std::string(1025, 'k')).element("Code"), "KeyTooLongError");
  EXPECT_EQ(put("k", "x", {{"x-amz-meta-a", std::string(2048, 'v')}}).element("Code"),
            "MetadataTooLarge");
}

TEST_F(ObjectsTest, DigestsAreChecked) {
  EXPECT_EQ(put("k", "hello", {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}).status, 200U);
  EXPECT_EQ(put("k", "hullo", {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}).element("Code"),
            "BadDigest");
  EXPECT_EQ(put("k", "hello", {{"Content-MD5", "nonsense"}}).element("Code"), "InvalidDigest");
  for (const auto kind :
       {wire::ChecksumKind::kCrc32, wire::ChecksumKind::kCrc32c, wire::ChecksumKind::kCrc64nvme,
        wire::ChecksumKind::kSha1, wire::ChecksumKind::kSha256}) {
    const std::string header(wire::checksum_header(kind));
    const auto right = wire::checksum_base64(kind, "hello");
    const auto wrong = wire::checksum_base64(kind, "hullo");
    const auto made = put("k", "hello", {{header, right}});
    EXPECT_EQ(made.status, 200U) << made.body;
    EXPECT_EQ(made.header(header), right);
    EXPECT_FALSE(send("GET", "/bucket/k").headers.find(header));
    const auto got = send("HEAD", "/bucket/k", {{"x-amz-checksum-mode", "ENABLED"}});
    EXPECT_EQ(got.header(header), right);
    EXPECT_EQ(got.header("x-amz-checksum-type"), "FULL_OBJECT");
    EXPECT_EQ(put("k", "hello", {{header, wrong}}).element("Code"), "BadDigest");
    EXPECT_EQ(put("k", "hello", {{header, "!"}}).element("Code"), "InvalidRequest");
    trailers_ = {{header, right}};
    EXPECT_EQ(put("k", "hello", {{"x-amz-trailer", header}}).status, 200U);
    EXPECT_EQ(put("k", "hullo", {{"x-amz-trailer", header}}).element("Code"), "BadDigest");
    trailers_ = {};
    EXPECT_EQ(put("k", "hello", {{"x-amz-trailer", header}}).element("Code"),
              "MalformedTrailerError");
  }
  EXPECT_EQ(put("k", "hello", {{"x-amz-checksum-sha512", "x"}}).status, 501U);
  EXPECT_EQ(put("k", "hello").header("x-amz-checksum-crc64nvme"),
            wire::checksum_base64(wire::ChecksumKind::kCrc64nvme, "hello"));
}

TEST_F(ObjectsTest, PutsCanBeConditional) {
  const HeaderList create{{"If-None-Match", "*"}};
  EXPECT_EQ(put("k", "1", create).status, 200U);
  EXPECT_EQ(put("k", "2", create).status, 412U);
  EXPECT_EQ(put("k", "2", {{"If-Match", "\"c4ca4238a0b923820dcc509a6f75849b\""}}).status, 200U);
  EXPECT_EQ(put("k", "3", {{"If-Match", "\"c4ca4238a0b923820dcc509a6f75849b\""}}).status, 412U);
}

TEST_F(ObjectsTest, AreCopied) {
  put("a b", "hello", {{"Content-Type", "text/x"}, {"x-amz-meta-m", "1"}});
  const auto copy = [&](const std::string& to, HeaderList headers) {
    headers.emplace_back("x-amz-copy-source", "/bucket/a%20b?versionId=null");
    return send("PUT", "/bucket/" + to, headers);
  };
  const auto made = copy("c", {});
  ASSERT_EQ(made.status, 200U) << made.body;
  EXPECT_TRUE(made.has("5d41402abc4b2a76b9719d911017c592"));
  EXPECT_EQ(send("HEAD", "/bucket/c").header("x-amz-meta-m"), "1");
  EXPECT_EQ(copy("c", {{"x-amz-metadata-directive", "REPLACE"}, {"Content-Type", "a/b"}}).status,
            200U);
  EXPECT_EQ(send("HEAD", "/bucket/c").header("Content-Type"), "a/b");
  EXPECT_FALSE(send("HEAD", "/bucket/c").headers.find("x-amz-meta-m"));
  EXPECT_EQ(copy("a%20b", {}).element("Code"), "InvalidRequest");
  EXPECT_EQ(copy("c", {{"x-amz-copy-source-if-match", "\"x\""}}).status, 412U);
  EXPECT_EQ(copy("c", {{"x-amz-copy-source-if-none-match", "*"}}).status, 412U);
  const auto hashed = copy("c", {{"x-amz-checksum-algorithm", "SHA256"}});
  EXPECT_EQ(hashed.element("ChecksumSHA256"),
            wire::checksum_base64(wire::ChecksumKind::kSha256, "hello"));
  EXPECT_EQ(send("PUT", "/bucket/d", {{"x-amz-copy-source", "/bucket/none"}}).element("Code"),
            "NoSuchKey");
  EXPECT_EQ(send("PUT", "/bucket/d", {{"x-amz-copy-source", "nothing"}}).element("Code"),
            "InvalidArgument");
}

TEST_F(ObjectsTest, AreDeletedOneByOneAndMany) {
  for (const auto* key : {"a", "b", "c", "d"}) put(key, "x");
  EXPECT_EQ(send("DELETE", "/bucket/a").status, 204U);
  EXPECT_EQ(send("DELETE", "/bucket/a").status, 204U);
  const std::string body =
      "<Delete><Object><Key>b</Key></Object><Object><Key>none</Key></Object></Delete>";
  EXPECT_EQ(send("POST", "/bucket?delete", {}, body).element("Code"), "InvalidRequest");
  const HeaderList digest{
      {"x-amz-checksum-crc32", wire::checksum_base64(wire::ChecksumKind::kCrc32, body)}};
  const auto many = send("POST", "/bucket?delete", digest, body);
  EXPECT_EQ(many.status, 200U) << many.body;
  EXPECT_TRUE(many.has("<Deleted><Key>b</Key></Deleted>"));
  EXPECT_TRUE(many.has("<Deleted><Key>none</Key></Deleted>"));
  EXPECT_EQ(send("POST", "/bucket?delete", digest, body + " ").element("Code"), "BadDigest");
  const std::string quiet = "<Delete><Quiet>true</Quiet><Object><Key>c</Key></Object></Delete>";
  const auto silent = send(
      "POST", "/bucket?delete",
      {{"x-amz-checksum-crc32", wire::checksum_base64(wire::ChecksumKind::kCrc32, quiet)}}, quiet);
  EXPECT_FALSE(silent.has("Deleted"));
  EXPECT_EQ(send("GET", "/bucket?list-type=2").element("KeyCount"), "1");
}

TEST_F(ObjectsTest, AreListed) {
  for (const auto* key : {"a", "b%2F1", "b%2F2", "c%26%20%C3%A4"}) put(key, "x");
  const auto first = send("GET", "/bucket?list-type=2&delimiter=%2F&max-keys=2");
  EXPECT_EQ(first.element("IsTruncated"), "true");
  EXPECT_EQ(first.element("KeyCount"), "2");
  EXPECT_TRUE(first.has("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"));
  const auto token = uri_encode(first.element("NextContinuationToken"));
  const auto second = send("GET",
                           "/bucket?list-type=2&delimiter=%2F&encoding-type=url&"
                           "continuation-token=" +
                               token);
  EXPECT_EQ(second.element("KeyCount"), "1");
  EXPECT_EQ(second.element("Key"), "c%26%20%C3%A4");
  EXPECT_EQ(second.element("IsTruncated"), "false");
  const auto v1 = send("GET", "/bucket?delimiter=%2F&max-keys=2");
  EXPECT_EQ(v1.element("NextMarker"), "b/");
  EXPECT_EQ(send("GET", "/bucket?marker=b%2F&delimiter=%2F").element("Key"), "c&amp; \xc3\xa4");
  EXPECT_EQ(send("GET", "/bucket?list-type=2&start-after=b%2F1").element("Key"), "b/2");
  const auto none = send("GET", "/bucket?list-type=2&max-keys=0");
  EXPECT_EQ(none.element("IsTruncated"), "false");
  EXPECT_EQ(none.element("KeyCount"), "0");
  EXPECT_EQ(send("GET", "/bucket?list-type=2&max-keys=-1").element("Code"), "InvalidArgument");
  EXPECT_EQ(send("GET", "/bucket?list-type=2&max-keys=5000").element("MaxKeys"), "1000");
  EXPECT_EQ(send("GET", "/bucket?list-type=2&continuation-token=x").element("Code"),
            "InvalidArgument");
  EXPECT_EQ(send("GET", "/bucket?list-type=2&fetch-owner=true").element("DisplayName"), account_);
  EXPECT_EQ(send("GET", "/bucket?versions").element("VersionId"), "null");
}

TEST_F(ObjectsTest, ShowTheirAttributes) {
  put("k", "hello");
  const auto got = send("GET", "/bucket/k?attributes",
                        {{"x-amz-object-attributes", "ETag,ObjectSize,Checksum,StorageClass"}});
  EXPECT_EQ(got.element("ETag"), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(got.element("ObjectSize"), "5");
  EXPECT_EQ(got.element("ChecksumType"), "FULL_OBJECT");
}

}  // namespace
}  // namespace clary::api::s3
