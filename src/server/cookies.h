// Cookies of what this server shows in browsers.
#pragma once

#include <string>
#include <string_view>

#include "base/request.h"

namespace clary::server {

// NAME_PORT, by the request's Host: browsers send a host's cookies to all of its ports, and servers
// side by side need names of their own.
std::string cookie_name(std::string_view name, const RequestHead& head);

// Its value; "" without it.
std::string cookie_in(const RequestHead& head, std::string_view name);

// The value of a Cookie field without the cookies whose names begin with `prefix`.
std::string cookies_without(std::string_view cookies, std::string_view prefix);

}  // namespace clary::server
