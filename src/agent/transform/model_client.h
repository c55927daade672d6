// The model server as a transform job asks it.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/job_spec.h"
#include "http/client.h"

namespace clary::agent {

// What a transform runs with: the request's values, else the model's, else SageMaker's defaults.
struct TransformLimits {
  std::size_t concurrent = 1;
  std::size_t payload_bytes = 6 << 20;  // 0: no limit
  bool multi_record = true;
};

// The model did not answer a request well. what() is for the user.
class ModelFailure : public std::runtime_error {
 public:
  // kRefused: an answer of 4xx, which trying again does not change.
  enum class Kind { kRefused, kFailed };
  ModelFailure(Kind kind, const std::string& what, std::string answer = {})
      : std::runtime_error(what), kind_(kind), answer_(std::move(answer)) {}
  Kind kind() const { return kind_; }
  const std::string& answer() const { return answer_; }

 private:
  Kind kind_;
  std::string answer_;
};

// What is sent: a text, or a file that is read as it goes.
struct Payload {
  std::string body;
  std::filesystem::path file;  // instead of `body` when not empty
};

// blocks. threads: one per object.
class ModelClient {
 public:
  // `cancelled` ends the waiting between attempts.
  ModelClient(const std::filesystem::path& socket, const TransformSpec& spec,
              const std::atomic<bool>& cancelled);
  // GET /execution-parameters, which a model need not have.
  TransformLimits limits();
  // Throws ModelFailure after the last attempt, StorageError, Cancelled.
  http::ClientResponse invoke(const Payload& payload);

 private:
  http::ClientResponse attempt(const Payload& payload);

  const TransformSpec& spec_;
  const std::atomic<bool>& cancelled_;
  http::BlockingClient client_;
};

}  // namespace clary::agent
