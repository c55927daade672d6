// The agent's S3: what staging needs, signed with the job role's temporary credentials, over a
// connection that stays open, patient while the server restarts.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "agent/gzip.h"
#include "base/clock.h"
#include "http/client.h"
#include "wire/sigv4.h"

namespace clary::agent {

struct S3Location {
  std::string bucket, key;
};
// s3://bucket/key, and the https forms that ModelDataUrl may have
// (https://bucket.s3-region.amazonaws.com/key, https://s3.region.amazonaws.com/bucket/key).
// Throws std::invalid_argument.
S3Location parse_s3_uri(const std::string& uri);

// S3 said no: what it said, and about which object.
class S3Failure : public std::runtime_error {
 public:
  S3Failure(unsigned status, std::string code, const std::string& message, const S3Location& where);
  unsigned status() const { return status_; }
  const std::string& code() const { return code_; }

 private:
  unsigned status_;
  std::string code_;
};

// The run was asked to stop while S3 was at work.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("stopped") {}
};

struct S3Object {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;
};

struct S3Options {
  http::Address server;
  std::string region;
  wire::SigningCredentials credentials;
  std::chrono::seconds patience{30 * 60};  // with a server that does not answer, or with 5xx
};

// blocks: all. threads: one at a time per object; make one per thread.
// errors: S3Failure; Cancelled soon after `cancelled` became true.
class S3Client {
 public:
  S3Client(const S3Options& options, const Clock& clock, const std::atomic<bool>& cancelled);

  // Hears of bytes of objects as they go out; {} ends that.
  void on_sent(std::function<void(std::uint64_t bytes)> hear) { on_sent_ = std::move(hear); }

  // All objects whose keys begin with the prefix, in the order of keys.
  std::vector<S3Object> list(const std::string& bucket, const std::string& prefix);
  // The object's bytes, in pieces. A connection that breaks is taken up where it broke, as long as
  // the object is still the same: `etag` from list(), or asked for when it is empty.
  void get(const S3Location& from, const ByteSink& sink, std::string etag = {});
  // `kms_key`: ARN of the key that S3 encrypts the object with (SSE-KMS); "" leaves it to the
  // bucket.
  void put(const S3Location& to, std::string_view body, const std::string& kms_key);

  std::string create_multipart(const S3Location& to, const std::string& kms_key);
  // Returns the part's ETag.
  std::string upload_part(const S3Location& to, const std::string& upload, int number,
                          std::string_view body);
  void complete_multipart(const S3Location& to, const std::string& upload,
                          const std::vector<std::string>& etags);
  void abort_multipart(const S3Location& to, const std::string& upload);

 private:
  struct Request;
  http::ClientResponse send(const Request& request);
  http::ClientResponse attempt(const Request& request);
  void wait_to_retry(std::chrono::steady_clock::time_point since, int attempt,
                     const S3Location& where, const std::string& why) const;

  const S3Options& options_;
  const Clock& clock_;
  const std::atomic<bool>& cancelled_;
  std::string host_;
  std::function<void(std::uint64_t)> on_sent_;
  http::BlockingClient client_;
};

// Uploads bytes of unknown length: one PUT when they fit into a part, else a multipart upload.
class S3Upload {
 public:
  S3Upload(S3Client& client, S3Location to, std::string kms_key)
      : client_(client), to_(std::move(to)), kms_key_(std::move(kms_key)) {}
  ~S3Upload();  // aborts what was not finished
  S3Upload(const S3Upload&) = delete;
  S3Upload& operator=(const S3Upload&) = delete;
  void write(std::string_view bytes);
  void finish();

 private:
  void send_part();

  S3Client& client_;
  const S3Location to_;
  const std::string kms_key_;
  std::string buffer_, upload_;
  std::vector<std::string> etags_;
  bool finished_ = false;
};

}  // namespace clary::agent
