// What the audit log keeps of one request.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace clary::audit {

// Who: made once for each access key and shared by its events.
struct Identity {
  std::string json;  // CloudTrail's userIdentity element, as JSON text
  std::string account, user_name, access_key_id;
};

struct Resource {
  std::string arn, type;  // type "AWS::S3::Object"; "" where there is none
};

// Management events change or describe resources and are what LookupEvents finds; data events work
// with what is in them: objects, invocations, log lines.
enum class Category { kManagement, kData };

struct Event {
  Timestamp time{};
  std::shared_ptr<const Identity> identity;  // nullptr: nobody who is known here
  std::string source, name;                  // "s3.amazonaws.com", "GetObject"
  std::string region, source_address, user_agent, host, request_id;
  std::string parameters;  // JSON text without secrets; "" for null
  std::vector<Resource> resources;
  std::string error_code, error_message;  // "" when it was done
  unsigned status = 0;
  bool read_only = false, tls = false;
  Category category = Category::kManagement;
};

}  // namespace clary::audit
