// Lifecycle rules: checked, and shown with the objects they are about.
#pragma once

#include "api/call.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// Checks S3's grammar and gives every rule an id. `rules` is LifecycleConfiguration.Rules. Throws
// ApiError MalformedXML, InvalidArgument, InvalidRequest.
void check_lifecycle_rules(json::array& rules);

// x-amz-expiration: when the bucket's rules remove the object, and which.
void show_expiration(ResponseHead& head, const objects::BucketInfo& bucket,
                     const objects::ObjectInfo& info);
void show_expiration(json::object& output, const objects::BucketInfo& bucket,
                     const objects::ObjectInfo& info);
// AbortDate and AbortRuleId of a new upload.
void show_abort(json::object& output, const objects::BucketInfo& bucket,
                const objects::UploadInfo& upload);

}  // namespace clary::api::s3
