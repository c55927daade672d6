// The error an operation answers with: a code of the service model, a status, words to act on.
#pragma once

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace clary::wire {

// Thrown by api/ and by validation; caught in one place, the dispatcher.
class ApiError : public std::runtime_error {
 public:
  // `status` 0 means: what the model says for that code, else 400.
  ApiError(std::string code, const std::string& message, unsigned status = 0)
      : std::runtime_error(message), code_(std::move(code)), status_(status) {}
  const std::string& code() const { return code_; }
  unsigned status() const { return status_; }
  // Further members of the error shape (OriginalStatusCode, BucketRegion, ...).
  boost::json::object& details() { return details_; }
  const boost::json::object& details() const { return details_; }

 private:
  std::string code_;
  unsigned status_;
  boost::json::object details_;
};

}  // namespace clary::wire
