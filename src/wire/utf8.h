// UTF-8 as the models count and accept it.
#pragma once

#include <cstddef>
#include <string_view>

namespace clary::wire {

// Well-formed by RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.
bool valid_utf8(std::string_view text);
// Code points of a well-formed text, what AWS's length constraints count.
std::size_t code_points(std::string_view text);

}  // namespace clary::wire
