// The command line as one more AWS client: signed calls in AWS's JSON protocol.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "http/client.h"
#include "wire/sigv4.h"

namespace clary::cli {

// Where calls go, and as whom.
struct Endpoint {
  std::string url;
  http::Address address;
  bool https = false;
  // Whose certificates are taken over https: a PEM file; the system's authorities when empty.
  std::filesystem::path authorities;
  std::string region;
  wire::SigningCredentials credentials;
};

// What AWS's own tools would use (AWS_ENDPOINT_URL and keys of the environment), so that `clary`
// acts as the person who calls it; else, or when a data folder was named, the owner of that
// folder's server. Throws std::runtime_error that says what to do.
Endpoint endpoint_of_environment();
Endpoint endpoint_of_folder(const std::filesystem::path& data_dir);

// The service refused: its error code, and its words as what().
class AwsError : public std::runtime_error {
 public:
  AwsError(unsigned status, std::string code, const std::string& message)
      : std::runtime_error(message), status_(status), code_(std::move(code)) {}
  unsigned status() const { return status_; }
  const std::string& code() const { return code_; }

 private:
  unsigned status_;
  std::string code_;
};

struct AwsService {
  std::string_view name, target_prefix, content_type;
};
inline constexpr AwsService kSageMaker{"sagemaker", "SageMaker", "application/x-amz-json-1.1"};
inline constexpr AwsService kLogs{"logs", "Logs_20140328", "application/x-amz-json-1.1"};
inline constexpr AwsService kCloudWatch{"monitoring", "GraniteServiceVersion20100801",
                                        "application/x-amz-json-1.0"};
inline constexpr AwsService kCloudTrail{"cloudtrail",
                                        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
                                        "application/x-amz-json-1.1"};

// blocks. threads: one at a time.
class AwsClient {
 public:
  AwsClient(Endpoint endpoint, const Clock& clock);
  // How long a server that is away, or overloaded, is asked again. `on_absence` hears once of each
  // absence.
  void be_patient(std::chrono::seconds patience, std::function<void()> on_absence);
  // Throws AwsError; std::runtime_error when no server answers.
  json::object call(const AwsService& service, std::string_view operation,
                    const json::object& input);

 private:
  std::optional<http::ClientResponse> attempt(const AwsService& service, std::string_view operation,
                                              const std::string& body, std::string& why);

  const Endpoint endpoint_;
  const Clock& clock_;
  http::BlockingClient client_;
  std::chrono::seconds patience_{0};
  std::function<void()> on_absence_;
};

}  // namespace clary::cli
