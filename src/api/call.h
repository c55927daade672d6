// What an operation is called with, and the two shapes an operation has.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/body.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/request.h"
#include "identity/authorizer.h"
#include "identity/credentials.h"
#include "wire/api_error.h"
#include "wire/model.h"

namespace clary::api {

struct Call {
  const wire::ServiceModel& model;
  const wire::Operation& operation;
  const identity::Principal& principal;
  // The caller's account and the region of the credential scope.
  std::string_view account, region;
  std::string_view request_id;
  Timestamp now;
  const RequestHead& request;
  identity::Authorizer& authorizer;
  // The whole body of a buffered request, as sent (empty for streaming operations).
  std::string_view body;
};

// A plain blocking function on the worker pool. Throws wire::ApiError.
using Plain = std::function<json::object(const json::object& input, Call& call)>;

// A coroutine on the connection's executor, for bodies that stream. It answers by itself through
// `response`; an ApiError it throws before the head is sent is encoded as for Plain. `body` gives
// payload bytes: aws-chunked framing, signatures of chunks and Content-Length are already handled.
using Streaming = std::function<boost::asio::awaitable<void>(
    json::object input, Call& call, BodyReader& body, BodyWriter& response)>;

struct OperationEntry {
  std::string_view name;
  Plain plain;  // one of the two
  Streaming streaming;
  // A plain operation that answers from memory, or with one indexed read at worst: it runs on the
  // connection's own thread, since going to the pool and back costs more than it does.
  bool quick = false;
};

// One service: its model's name and its operations, which read as its table of contents.
class Service {
 public:
  virtual ~Service() = default;
  virtual std::string_view model_name() const = 0;  // "sagemaker"
  virtual std::vector<OperationEntry> operations() = 0;
  // Whether the caller may do this at all: runs once the input is decoded and valid, before the
  // operation, on the connection's thread. Throws the service's AccessDenied. Operations check
  // themselves what only they know (each key of a DeleteObjects, the role that is passed).
  virtual void authorize(const json::object& input, Call& call);
  // Adds what conditions may ask about a resource that is there already (aws:ResourceTag/*): called
  // only when a policy of the caller wants to know a key. May block on the store.
  virtual void add_resource_context(const std::string& resource_arn, const Call& call,
                                    identity::Context& context);
};

}  // namespace clary::api
