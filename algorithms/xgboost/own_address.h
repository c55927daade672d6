// Keeps libxgboost's sockets at one address. Its workers listen at all addresses of the machine,
// with no setting for it; whoever reaches them there could take part in the training.
#pragma once

#include <string>

namespace clary::algorithms::xgboost {

// Sockets of IPv4 that this process binds to every address from now on are bound to this one, and
// connections that it opens come from there: by where they come from the tracker tells the others
// where a worker listens. Throws std::invalid_argument.
void bind_only_to(const std::string& address);

}  // namespace clary::algorithms::xgboost
