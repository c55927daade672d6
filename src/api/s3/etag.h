// Entity tags as headers and documents write them.
#pragma once

#include <string>
#include <string_view>

namespace clary::api::s3 {

std::string in_quotes(std::string_view etag);
// Without quotes and without W/.
std::string_view bare_etag(std::string_view etag);
// True when `list` (entity tags parted by commas, or *) names `etag`, which is bare.
bool etag_listed(std::string_view list, std::string_view etag);

}  // namespace clary::api::s3
