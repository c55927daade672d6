#include "agent/transform/model_client.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "agent/s3_client.h"
#include "base/errors.h"
#include "base/json.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kParametersTimeout{10000};
constexpr milliseconds kFirstPause{100};
constexpr std::int64_t kMegabyte = 1 << 20;
// CreateTransformJob: MaxPayloadInMB, and it times MaxConcurrentTransforms, are at most 100.
constexpr std::int64_t kMostMegabytes = 100;
constexpr std::size_t kShownBytes = 200;

std::string shown(const std::string& body) {
  std::string text;
  for (const char c : body.substr(0, kShownBytes)) text += c >= ' ' && c != 0x7f ? c : ' ';
  return text;
}

}  // namespace

ModelClient::ModelClient(const std::filesystem::path& socket, const TransformSpec& spec,
                         const std::atomic<bool>& cancelled)
    : spec_(spec),
      cancelled_(cancelled),
      client_({.host = "localhost", .port = 0, .unix_path = socket}) {}

TransformLimits ModelClient::limits() {
  json::object asked;
  http::ClientRequest request;
  request.target = "/execution-parameters";
  try {
    const http::ClientResponse response = client_.send(request, kParametersTimeout);
    boost::system::error_code error;
    const json::value value = json::parse(response.body, error);
    if (response.status == 200 && !error && value.is_object()) asked = value.get_object();
  } catch (const http::ClientError&) {
    // It has none.
  }
  TransformLimits limits;
  std::int64_t concurrent = spec_.max_concurrent;
  if (concurrent <= 0) concurrent = find_int(asked, "MaxConcurrentTransforms").value_or(1);
  const std::int64_t megabytes = std::clamp<std::int64_t>(
      spec_.max_payload_mb.value_or(find_int(asked, "MaxPayloadInMB").value_or(6)), 0,
      kMostMegabytes);
  limits.payload_bytes = static_cast<std::size_t>(megabytes * kMegabyte);
  // A model must not make this process hold more than a request could.
  const std::int64_t most = kMostMegabytes / std::max<std::int64_t>(megabytes, 1);
  limits.concurrent = static_cast<std::size_t>(
      std::clamp<std::int64_t>(concurrent, 1, std::max<std::int64_t>(most, 1)));
  limits.multi_record = spec_.strategy != TransformSpec::Strategy::kSingleRecord;
  if (spec_.strategy == TransformSpec::Strategy::kUnset) {
    limits.multi_record = string_or(asked, "BatchStrategy") != "SINGLE_RECORD";
  }
  return limits;
}

http::ClientResponse ModelClient::attempt(const Payload& payload) {
  http::ClientRequest request;
  request.method = "POST";
  request.target = "/invocations";
  if (!spec_.content_type.empty()) request.headers.emplace_back("Content-Type", spec_.content_type);
  if (!spec_.accept.empty()) request.headers.emplace_back("Accept", spec_.accept);
  if (payload.file.empty()) {
    http::BlockingClient::Streams streams;
    std::string_view rest = payload.body;
    streams.source_length = rest.size();
    streams.source = [&rest](std::span<char> buffer) {
      const std::size_t size = rest.copy(buffer.data(), buffer.size());
      rest.remove_prefix(size);
      return size;
    };
    return client_.send(request, spec_.timeout, streams);
  }
  const process::FileDescriptor file(open(payload.file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file || fstat(file.get(), &status) != 0) {
    throw StorageError("reading " + payload.file.string());
  }
  http::BlockingClient::Streams streams;
  streams.source_length = static_cast<std::uint64_t>(status.st_size);
  streams.source = [&file](std::span<char> buffer) {
    const ssize_t size = read(file.get(), buffer.data(), buffer.size());
    return size < 0 ? std::size_t{0} : static_cast<std::size_t>(size);
  };
  return client_.send(request, spec_.timeout, streams);
}

http::ClientResponse ModelClient::invoke(const Payload& payload) {
  milliseconds pause = kFirstPause;
  for (int tried = 0;; ++tried) {
    if (cancelled_) throw Cancelled();
    std::string why, answer;
    try {
      http::ClientResponse response = attempt(payload);
      if (response.status < 300) return response;
      answer = response.body;
      why = "the model answered " + std::to_string(response.status) + ": " + shown(answer);
      if (response.status < 500) throw ModelFailure(ModelFailure::Kind::kRefused, why, answer);
    } catch (const http::ClientError& error) {
      why = error.kind() == http::ClientError::Kind::kTimeout
                ? "the model did not answer within the " + std::to_string(spec_.timeout.count()) +
                      " seconds of InvocationsTimeoutInSeconds"
                : std::string("the model did not answer: ") + error.what();
    }
    if (tried >= spec_.retries) throw ModelFailure(ModelFailure::Kind::kFailed, why, answer);
    for (milliseconds slept{0}; slept < pause && !cancelled_; slept += milliseconds(50)) {
      std::this_thread::sleep_for(milliseconds(50));
    }
    pause *= 2;
  }
}

}  // namespace clary::agent
