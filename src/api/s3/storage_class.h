// x-amz-storage-class. There is one kind of storage: a class is remembered and told, and every
// object is kept and read alike.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// What a request asks for; "" for STANDARD. Throws ApiError InvalidStorageClass for unknown ones
// and for those whose objects have to be restored before they are read.
std::string storage_class_of(const json::object& input);

// As listings and GetObjectAttributes show it; GetObject and HeadObject leave STANDARD out.
std::string shown_class(std::string_view stored);

}  // namespace clary::api::s3
