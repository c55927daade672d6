// Requests and responses between bytes and JSON, by shape and protocol. Pure functions.
//
// The JSON side is one form for all protocols: objects keyed by the model's member names;
// timestamps are numbers, seconds since the epoch; blobs are Base64 strings; a streaming payload is
// absent (the handler reads the body itself).
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/body.h"
#include "base/json.h"
#include "base/request.h"
#include "wire/api_error.h"
#include "wire/model.h"

namespace clary::wire {

// Which protocol a request speaks to a service that knows several (CloudWatch: JSON 1.0, query,
// CBOR), by its headers; else the model's own.
Protocol protocol_of(const ServiceModel& model, const RequestHead& head);

// Routes of one HTTP-bound service (restJson, restXml), compiled once from its request URIs.
// Query literals ("?acl", "?list-type=2") take part; the most specific route wins.
class Router {
 public:
  explicit Router(const ServiceModel& model);
  ~Router();
  struct Match {
    const Operation* operation = nullptr;
    std::vector<std::pair<std::string, std::string>> labels;  // percent-decoded
  };
  // operation is nullptr when nothing fits.
  Match match(const RequestHead& head) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The operation a JSON, query or CBOR request names. Throws ApiError UnknownOperationException /
// InvalidAction with AWS's status and words.
const Operation& operation_of(const ServiceModel& model, Protocol protocol, const RequestHead& head,
                              std::string_view body);

// Bytes to JSON. `labels` are the router's. Throws ApiError SerializationException (malformed
// body, wrong kind of value; nesting above 64 levels).
json::object decode_request(const ServiceModel& model, Protocol protocol,
                            const Operation& operation, const RequestHead& head,
                            const std::vector<std::pair<std::string, std::string>>& labels,
                            std::string_view body);

// Whole messages out. `output` members that the model does not know are left out.
std::pair<ResponseHead, std::string> encode_response(const ServiceModel& model, Protocol protocol,
                                                     const Operation& operation,
                                                     const json::object& output,
                                                     std::string_view request_id);
// `operation` may be nullptr (unknown). `resource` is S3's <Resource>.
std::pair<ResponseHead, std::string> encode_error(const ServiceModel& model, Protocol protocol,
                                                  const Operation* operation, const ApiError& error,
                                                  std::string_view request_id,
                                                  std::string_view resource = {});

}  // namespace clary::wire
