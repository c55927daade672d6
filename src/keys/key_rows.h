// Keys and grants as JSON texts of their rows.
#pragma once

#include <string>
#include <string_view>

#include "keys/key_table.h"

namespace clary::keys {

// All but material and grants.
std::string key_text(const KmsKey& key);
KmsKey key_of(std::string_view text);

std::string grant_text(const Grant& grant);
Grant grant_of(std::string_view text);

}  // namespace clary::keys
