// `clary env-create`: makes the Python environments that stand in for frameworks' images.
#pragma once

#include <ostream>
#include <string>

#include "base/settings.h"

namespace clary::server {

// Throws with the reason when it cannot be made.
void create_environment(const Settings& settings, const std::string& name, std::ostream& out);

// Every environment: which Python it has, or what is missing.
void list_environments(const Settings& settings, std::ostream& out);

}  // namespace clary::server
