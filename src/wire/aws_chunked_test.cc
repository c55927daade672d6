#include "wire/aws_chunked.h"

#include <gtest/gtest.h>

namespace clary::wire {
namespace {

// The examples of S3's documentation: 66560 bytes of 'a' in chunks of 64 KiB and 1 KiB.
ChunkSigning documented(std::string seed) {
  const CredentialScope scope{.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                              .date = "20130524",
                              .region = "us-east-1",
                              .service = "s3"};
  return {.key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope),
          .scope = scope.text(),
          .time = "20130524T000000Z",
          .seed_signature = std::move(seed)};
}

const std::string kSigned =
    "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
    std::string(65536, 'a') +
    "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
    std::string(1024, 'a') +
    "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n"
    "\r\n";
constexpr const char* kSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

const std::string kSignedTrailer =
    "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" +
    std::string(65536, 'a') +
    "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" +
    std::string(1024, 'a') +
    "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    "x-amz-checksum-crc32c:sOO8/Q==\r\n"
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
    "\r\n";
constexpr const char* kTrailerSeed =
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

const std::string kUnsignedTrailer =
    "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Amz-Checksum-Crc32: "
    "DUoRhQ==\r\n\r\n";

struct Result {
  std::expected<void, ChunkedError> outcome;
  std::string payload;
  std::vector<std::pair<std::string, std::string>> trailers;
};

Result decode(PayloadKind kind, ChunkSigning signing, std::optional<std::uint64_t> length,
              std::string_view body, std::size_t step = 1 << 20) {
  AwsChunkedDecoder decoder(kind, std::move(signing), length);
  Result result;
  for (std::size_t at = 0; at < body.size() && result.outcome; at += step) {
    result.outcome = decoder.push(as_bytes(body.substr(at, step)), [&](auto piece) {
      result.payload.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
  }
  if (result.outcome) result.outcome = decoder.finish();
  result.trailers = decoder.trailers();
  return result;
}

TEST(AwsChunked, DocumentedSignedUpload) {
  for (const std::size_t step : {1, 7, 4096, 1 << 20}) {
    const Result result =
        decode(PayloadKind::kStreamingSigned, documented(kSeed), 66560, kSigned, step);
    ASSERT_TRUE(result.outcome.has_value());
    EXPECT_EQ(result.payload, std::string(66560, 'a'));
  }
}

TEST(AwsChunked, DocumentedSignedTrailer) {
  for (const std::size_t step : {1, 100, 1 << 20}) {
    const Result result = decode(PayloadKind::kStreamingSignedTrailer, documented(kTrailerSeed),
                                 66560, kSignedTrailer, step);
    ASSERT_TRUE(result.outcome.has_value());
    ASSERT_EQ(result.trailers.size(), 1U);
    EXPECT_EQ(result.trailers[0].first, "x-amz-checksum-crc32c");
    EXPECT_EQ(result.trailers[0].second, "sOO8/Q==");
  }
  // With the line ends that the documentation draws.
  std::string drawn = kSignedTrailer;
  drawn.replace(drawn.find("sOO8/Q==\r\n"), 10, "sOO8/Q==\n\r\n");
  EXPECT_TRUE(decode(PayloadKind::kStreamingSignedTrailer, documented(kTrailerSeed), 66560, drawn)
                  .outcome.has_value());
}

TEST(AwsChunked, UnsignedTrailer) {
  const Result result = decode(PayloadKind::kStreamingUnsignedTrailer, {}, 11, kUnsignedTrailer, 3);
  ASSERT_TRUE(result.outcome.has_value());
  EXPECT_EQ(result.payload, "hello world");
  ASSERT_EQ(result.trailers.size(), 1U);
  EXPECT_EQ(result.trailers[0].first, "x-amz-checksum-crc32");
  EXPECT_EQ(result.trailers[0].second, "DUoRhQ==");
  EXPECT_TRUE(decode(PayloadKind::kStreamingUnsignedTrailer, {}, 0, "0\r\n\r\n").outcome);
}

TEST(AwsChunked, TamperingIsSeen) {
  const auto error = [](PayloadKind kind, const char* seed, std::string body,
                        std::optional<std::uint64_t> length = std::nullopt) {
    return decode(kind, documented(seed), length, body).outcome.error();
  };
  std::string body = kSigned;
  body[100] = 'b';
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, body), ChunkedError::kSignature);
  // Chunks in another order, and a chunk left out.
  body = kSigned.substr(kSigned.find("400;chunk"));
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, body), ChunkedError::kSignature);
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kTrailerSeed, kSigned), ChunkedError::kSignature);
  body = kSignedTrailer;
  body.replace(body.find("sOO8"), 4, "AAAA");
  EXPECT_EQ(error(PayloadKind::kStreamingSignedTrailer, kTrailerSeed, body),
            ChunkedError::kSignature);
  // The trailer's signature taken away.
  body = kSignedTrailer.substr(0, kSignedTrailer.find("x-amz-trailer-signature")) + "\r\n";
  EXPECT_EQ(error(PayloadKind::kStreamingSignedTrailer, kTrailerSeed, body),
            ChunkedError::kIncomplete);
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, kSigned.substr(0, 66000)),
            ChunkedError::kIncomplete);
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, kSigned, 66559), ChunkedError::kTooLong);
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, kSigned, 66561), ChunkedError::kIncomplete);
  EXPECT_EQ(error(PayloadKind::kStreamingSigned, kSeed, kSigned + "x"), ChunkedError::kMalformed);
}

TEST(AwsChunked, HostileInputIsBounded) {
  for (const std::string& body :
       {std::string(1000, '1'), std::string("\r\n"), std::string("-1\r\n"), std::string("g\r\n"),
        std::string("5\nhello\r\n"), std::string("5\r\nhelloX\r\n"),
        std::string("fffffffffffffffff\r\n"), "0\r\n" + std::string(100000, 'x'),
        std::string("0\r\n:v\r\n\r\n"), std::string("0\r\nnovalue\r\n\r\n")}) {
    EXPECT_EQ(decode(PayloadKind::kStreamingUnsignedTrailer, {}, {}, body).outcome.error(),
              ChunkedError::kMalformed)
        << body.substr(0, 20);
  }
  std::string many = "0\r\n";
  for (int i = 0; i < 10000; ++i) many += "x-amz-meta-a:b\r\n";
  EXPECT_EQ(decode(PayloadKind::kStreamingUnsignedTrailer, {}, {}, many).outcome.error(),
            ChunkedError::kMalformed);
  EXPECT_EQ(decode(PayloadKind::kStreamingUnsignedTrailer, {}, 10, "ffffffffffffffff\r\n")
                .outcome.error(),
            ChunkedError::kTooLong);
}

}  // namespace
}  // namespace clary::wire
