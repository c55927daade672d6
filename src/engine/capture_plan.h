// What is kept of a variant's invocations, and where: an endpoint configuration's DataCaptureConfig
// as the data plane needs it.
#pragma once

#include <string>
#include <vector>

namespace clary::engine {

struct CapturePlan {
  std::string account, region, endpoint, variant;
  std::string role;            // whose rights write the files: the model's execution role
  std::string bucket, prefix;  // prefix without a slash at its end
  std::string kms_key;         // ARN; "" leaves encryption to the bucket
  unsigned percentage = 0;     // of the invocations, 0 to 100
  bool input = false, output = false;
  // Media types, in lower case, whose data is kept as text; all others become base64.
  std::vector<std::string> csv_types, json_types;
  friend bool operator==(const CapturePlan&, const CapturePlan&) = default;
};

}  // namespace clary::engine
