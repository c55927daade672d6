// Which names a bucket may have.
#pragma once

#include <string_view>

namespace clary::api::s3 {

// "General purpose bucket naming rules", Amazon S3 user guide.
bool valid_bucket_name(std::string_view name);

}  // namespace clary::api::s3
