// SSE-C: keys that come with the request and are forgotten after it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/request.h"
#include "keys/data_key.h"

namespace clary::api::s3 {

struct CustomerKey {
  keys::SecretKey key;
  std::string md5;  // Base64, as answers echo it
};

enum class CustomerKeys { kNeedTls, kAnyTransport };

// The key of `input`, whose members are named `prefix` ("" or "CopySource") + SSECustomerAlgorithm,
// SSECustomerKey, SSECustomerKeyMD5. Nullopt when none of them is there. Throws ApiError when one
// is missing or wrong, or when it comes without TLS against `rule`.
std::optional<CustomerKey> customer_key_of(const json::object& input, std::string_view prefix,
                                           const RequestHead& head, CustomerKeys rule);

}  // namespace clary::api::s3
