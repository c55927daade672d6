#include "api/s3/s3_fixture.h"
#include "wire/checksum.h"

namespace clary::api::s3 {
namespace {

using wire::ChecksumKind;

class MultipartTest : public S3Fixture {
 protected:
  std::string start(const std::string& key, const HeaderList& headers = {}) {
    const auto answer = send("POST", "/bucket/" + key + "?uploads", headers);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.element("UploadId");
  }
  Answer part(const std::string& key, const std::string& upload, int number,
              const std::string& bytes, const HeaderList& headers = {}) {
    return send("PUT",
                "/bucket/" + key + "?partNumber=" + std::to_string(number) + "&uploadId=" + upload,
                headers, bytes);
  }
  Answer complete(const std::string& key, const std::string& upload, const std::string& parts,
                  const HeaderList& headers = {}) {
    return send("POST", "/bucket/" + key + "?uploadId=" + upload, headers,
                "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>");
  }
  static std::string entry(int number, const Answer& part, const std::string& more = "") {
    return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>" +
           std::string(part.header("ETag")) + "</ETag>" + more + "</Part>";
  }
  const std::string five_ = pattern(5 << 20);
};

TEST_F(MultipartTest, UploadsPartsAndCompletes) {
  const auto upload = start("k", {{"Content-Type", "a/b"}, {"x-amz-checksum-algorithm", "CRC32"}});
  const auto crc = [](const std::string& bytes) {
    return wire::checksum_base64(ChecksumKind::kCrc32, bytes);
  };
  const auto one = part("k", upload, 1, five_, {{"x-amz-checksum-crc32", crc(five_)}});
  ASSERT_EQ(one.status, 200U) << one.body;
  const auto two = part("k", upload, 2, "tail", {{"x-amz-checksum-crc32", crc("tail")}});
  const auto listed = send("GET", "/bucket/k?uploadId=" + upload + "&max-parts=1");
  EXPECT_EQ(listed.element("IsTruncated"), "true");
  EXPECT_EQ(listed.element("NextPartNumberMarker"), "1");
  EXPECT_EQ(listed.element("ChecksumCRC32"), crc(five_));
  const auto done =
      complete("k", upload,
               entry(1, one, "<ChecksumCRC32>" + crc(five_) + "</ChecksumCRC32>") + entry(2, two),
               {{"x-amz-mp-object-size", std::to_string(five_.size() + 4)}});
  ASSERT_EQ(done.status, 200U) << done.body;
  const wire::PartChecksum values[] = {{crc(five_), five_.size()}, {crc("tail"), 4}};
  const auto expected = wire::composite_checksum(ChecksumKind::kCrc32, values);
  EXPECT_EQ(done.element("ChecksumCRC32"), expected);
  EXPECT_TRUE(done.element("ETag").ends_with("-2&quot;") || done.element("ETag").ends_with("-2\""));
  const auto got = send("GET", "/bucket/k", {{"x-amz-checksum-mode", "ENABLED"}});
  EXPECT_EQ(got.body, five_ + "tail");
  EXPECT_EQ(got.header("x-amz-checksum-crc32"), expected);
  EXPECT_EQ(got.header("x-amz-checksum-type"), "COMPOSITE");
  EXPECT_EQ(got.header("Content-Type"), "a/b");
  const auto second = send("GET", "/bucket/k?partNumber=2");
  EXPECT_EQ(second.body, "tail");
  EXPECT_EQ(second.header("x-amz-mp-parts-count"), "2");
  const auto across = send("GET", "/bucket/k", {{"Range", "bytes=5242878-5242881"}});
  EXPECT_EQ(across.body, five_.substr(five_.size() - 2) + "ta");
  const auto attributes =
      send("GET", "/bucket/k?attributes", {{"x-amz-object-attributes", "ObjectParts,Checksum"}});
  EXPECT_EQ(attributes.element("PartsCount"), "2");
  EXPECT_EQ(attributes.element("PartNumber"), "1");
}

TEST_F(MultipartTest, FullObjectChecksumsArePutTogether) {
  const auto upload = start("k");
  const auto one = part("k", upload, 1, five_);
  const auto two = part("k", upload, 2, "tail");
  const auto whole = wire::checksum_base64(ChecksumKind::kCrc64nvme, five_ + "tail");
  EXPECT_EQ(complete("k", upload, entry(1, one) + entry(2, two),
                     {{"x-amz-checksum-crc64nvme",
                       wire::checksum_base64(ChecksumKind::kCrc64nvme, "other")}})
                .element("Code"),
            "BadDigest");
  const auto done =
      complete("k", upload, entry(1, one) + entry(2, two), {{"x-amz-checksum-crc64nvme", whole}});
  EXPECT_EQ(done.element("ChecksumCRC64NVME"), whole);
  EXPECT_EQ(done.element("ChecksumType"), "FULL_OBJECT");
  // The answer was lost; the client asks again.
  EXPECT_EQ(complete("k", upload, entry(1, one) + entry(2, two)).status, 200U);
}

TEST_F(MultipartTest, WrongPartsAreRefusedInS3sWords) {
  const auto upload = start("k");
  const auto one = part("k", upload, 1, "small");
  const auto two = part("k", upload, 2, "other");
  EXPECT_EQ(complete("k", upload, entry(2, two) + entry(1, one)).element("Code"),
            "InvalidPartOrder");
  EXPECT_EQ(complete("k", upload, entry(1, two)).element("Code"), "InvalidPart");
  EXPECT_EQ(complete("k", upload, entry(3, two)).element("Code"), "InvalidPart");
  EXPECT_EQ(complete("k", upload, entry(1, one) + entry(2, two)).element("Code"), "EntityTooSmall");
  EXPECT_EQ(complete("k", upload, "").element("Code"), "MalformedXML");
  EXPECT_EQ(complete("k", "none", entry(1, one)).element("Code"), "NoSuchUpload");
  EXPECT_EQ(part("k", upload, 10'001, "x").element("Code"), "InvalidArgument");
  EXPECT_EQ(part("k", upload, 0, "x").element("Code"), "InvalidArgument");
  EXPECT_EQ(part("k", "none", 1, "x").element("Code"), "NoSuchUpload");
  EXPECT_EQ(
      part("k", upload, 1, "x", {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}).element("Code"),
      "BadDigest");
  EXPECT_EQ(send("DELETE", "/bucket/k?uploadId=" + upload).status, 204U);
  EXPECT_EQ(send("DELETE", "/bucket/k?uploadId=" + upload).element("Code"), "NoSuchUpload");
}

TEST_F(MultipartTest, PartsAreCopiedFromObjects) {
  put("source", pattern(1'000'000));
  const auto upload = start("k");
  const auto copy = [&](const std::string& range) {
    HeaderList headers{{"x-amz-copy-source", "bucket/source"}};
    if (!range.empty()) headers.emplace_back("x-amz-copy-source-range", range);
    return send("PUT", "/bucket/k?partNumber=1&uploadId=" + upload, headers);
  };
  EXPECT_EQ(copy("bytes=0-1000000").element("Code"), "InvalidRange");
  EXPECT_EQ(copy("bytes=5-").element("Code"), "InvalidArgument");
  const auto made = copy("bytes=10-99");
  ASSERT_EQ(made.status, 200U) << made.body;
  auto etag = made.element("ETag");
  const auto done =
      complete("k", upload, "<Part><PartNumber>1</PartNumber><ETag>" + etag + "</ETag></Part>");
  ASSERT_EQ(done.status, 200U) << done.body;
  EXPECT_EQ(send("GET", "/bucket/k").body, pattern(1'000'000).substr(10, 90));
}

TEST_F(MultipartTest, UploadsAreListed) {
  const auto a = start("x%2Fa"), b = start("x%2Fb"), c = start("y");
  const auto all = send("GET", "/bucket?uploads");
  EXPECT_TRUE(all.has(a) && all.has(b) && all.has(c));
  const auto rolled = send("GET", "/bucket?uploads&delimiter=%2F");
  EXPECT_TRUE(rolled.has("<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>"));
  EXPECT_FALSE(rolled.has(a));
  const auto first = send("GET", "/bucket?uploads&max-uploads=2");
  EXPECT_EQ(first.element("IsTruncated"), "true");
  const auto rest =
      send("GET", "/bucket?uploads&key-marker=" + uri_encode(first.element("NextKeyMarker")) +
                      "&upload-id-marker=" + first.element("NextUploadIdMarker"));
  EXPECT_TRUE(rest.has(c));
  EXPECT_FALSE(rest.has("<UploadId>" + b));
}

TEST_F(MultipartTest, ChecksumTypesAreChecked) {
  const auto refused = [&](const HeaderList& headers) {
    return send("POST", "/bucket/k?uploads", headers).element("Code");
  };
  EXPECT_EQ(
      refused({{"x-amz-checksum-algorithm", "SHA256"}, {"x-amz-checksum-type", "FULL_OBJECT"}}),
      "InvalidRequest");
  EXPECT_EQ(
      refused({{"x-amz-checksum-algorithm", "CRC64NVME"}, {"x-amz-checksum-type", "COMPOSITE"}}),
      "InvalidRequest");
}

}  // namespace
}  // namespace clary::api::s3
