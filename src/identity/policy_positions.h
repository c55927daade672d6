// Where the statements of a policy stand in its text, for people who look for the one that decided.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "identity/policy.h"

namespace clary::identity {

// First and last character of each statement of a document that is JSON, in order.
std::vector<std::pair<TextPosition, TextPosition>> statement_positions(std::string_view text);

}  // namespace clary::identity
