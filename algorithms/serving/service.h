// What a model server answers, without HTTP: every algorithm gives one of these.
#pragma once

#include <string>
#include <string_view>

namespace clary::algorithms {

struct InvocationRequest {
  std::string_view payload;
  std::string_view content_type;
  std::string_view accept;
};

struct InvocationResponse {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};

// threads: any, at once.
class InferenceService {
 public:
  virtual ~InferenceService() = default;
  virtual InvocationResponse invoke(const InvocationRequest& request) const = 0;
  // The body of GET /execution-parameters.
  virtual std::string execution_parameters() const = 0;
};

}  // namespace clary::algorithms
