// What an error looks like on the wire, worked out once for all protocols.
#pragma once

#include <string>

#include "wire/api_error.h"
#include "wire/model.h"

namespace clary::wire {

struct ErrorFacts {
  const Shape* shape = nullptr;  // nullptr: not in the model (ValidationException, ...)
  std::string code;              // as query, XML and x-amzn-query-error say it
  std::string type;              // as __type says it: the shape's name
  unsigned status = 400;
  bool receiver = false;  // the server's fault
};

ErrorFacts error_facts(const ServiceModel& model, Protocol protocol, const Operation* operation,
                       const ApiError& error);

// The sentence S3 uses for a code when the handler gives none; empty for an unknown code.
std::string_view s3_message(std::string_view code);

}  // namespace clary::wire
