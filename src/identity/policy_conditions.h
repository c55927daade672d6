// One condition of a policy statement against the keys of a request. Internal to identity/.
#pragma once

#include <string>
#include <string_view>

#include "identity/policy.h"

namespace clary::identity {

// Whether `operation` ("StringEquals", "NumericLessThan", ...) is one that IAM knows.
bool known_condition_operator(std::string_view operation);
// Of one that is known.
std::size_t condition_operator_index(std::string_view operation);

bool holds(const Condition& condition, const PolicyRequest& request, bool variables);

// ${aws:username}, ${aws:PrincipalTag/team, 'none'}, ${*}, ${?}, ${$} replaced; nullopt when a
// variable has no value (then the text matches nothing). Literal '*', '?' from variables and from
// ${*} must not act as wildcards: they come out as \x01 and \x02, which `matches_pattern` knows.
std::optional<std::string> expand_variables(std::string_view text, const PolicyRequest& request);
bool matches_pattern(std::string_view pattern, std::string_view text);

// False when the statement's resources, as far as they have no variables, leave the request out:
// then nothing around the request needs to be known to decide.
bool may_reach(const PolicyStatement& statement, const PolicyRequest& request);

}  // namespace clary::identity
