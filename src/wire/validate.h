// Validation by shape: required, length, range, pattern, enum, union, in AWS's words.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "wire/model.h"

namespace clary::wire {

// Nullopt when `input` is valid; else AWS's sentence:
// "2 validation errors detected: Value null at 'trainingJobName' failed to satisfy constraint:
// Member must not be null; ..." (names in lower camel case, dotted paths, .member for lists).
std::optional<std::string> validation_message(const Shape& shape, const json::object& input);

// Throws ApiError with the code that the service uses (ValidationException, ValidationError for
// query services, InvalidParameterException for logs, ...).
void validate(const ServiceModel& model, const Operation& operation, const json::object& input);

}  // namespace clary::wire
