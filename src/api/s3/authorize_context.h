// The condition keys of an S3 request. Source: "Condition keys for Amazon S3", service
// authorization reference, and "AWS global condition context keys", IAM user guide.
#pragma once

#include <functional>
#include <memory>

#include "api/s3/authorize.h"
#include "identity/authorizer.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// Adds every key that the request, the bucket and the object (`object`, called only if there is
// one; nullptr when it is not there) give.
void add_condition_keys(identity::Context& keys, const json::object& input, const Call& call,
                        const Wanted& wanted,
                        const std::function<std::shared_ptr<const objects::ObjectInfo>()>& object);

}  // namespace clary::api::s3
