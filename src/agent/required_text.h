// A text that a line must contain for a regular expression to match it. Looking for it costs next
// to nothing, where a search backtracks; SageMaker's built-in algorithms come with 46 expressions.
#pragma once

#include <string>
#include <string_view>

namespace clary::agent {

// Of an expression of PCRE2, compiled without options that change what a letter means. The longest
// that is easily seen; "" when there is none, or the expression has what this does not know.
std::string required_text(std::string_view regex);

}  // namespace clary::agent
