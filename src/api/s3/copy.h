// What CopyObject and UploadPartCopy share: the object they read.
#pragma once

#include "api/call.h"
#include "api/s3/copy_source.h"
#include "api/s3/s3.h"

namespace clary::api::s3 {

// The source a request names: well-formed, in a bucket the caller may read. Throws ApiError.
CopySource copy_source_of(const Context& context, const json::object& input, const Call& call);

// Its content, once the x-amz-copy-source-if-* conditions hold. blocks. Throws ApiError.
objects::ObjectContent open_copy_source(const Context& context, const json::object& input,
                                        const CopySource& source);

// CopySourceVersionId, where the source's bucket keeps versions.
void show_source_version(json::object& output, const Context& context, const CopySource& source,
                         const objects::ObjectInfo& info);

}  // namespace clary::api::s3
