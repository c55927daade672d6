// Object lock in requests and answers.
#pragma once

#include "api/s3/request.h"

namespace clary::api::s3 {

// x-amz-object-lock-mode, -retain-until-date and -legal-hold of a request that makes an object.
// Throws ApiError InvalidRequest for a bucket without object lock, InvalidArgument for nonsense.
void read_lock(const json::object& input, const objects::BucketInfo& bucket, Timestamp now,
               objects::PutOptions& options);

// The same as headers of GetObject and HeadObject.
void show_lock(ResponseHead& head, const objects::BucketInfo& bucket,
               const objects::ObjectInfo& info);

}  // namespace clary::api::s3
