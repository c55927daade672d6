// What each KeySpec is for, and with which algorithms.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace clary::api::kms {

struct KeySpec {
  std::string_view name;                     // "RSA_2048"
  std::vector<std::string_view> usages;      // the first one is the default; empty: must be named
  std::vector<std::string_view> encryption;  // algorithms by usage
  std::vector<std::string_view> signing;
  std::vector<std::string_view> mac;
};

// Nullptr: none that Clary has.
const KeySpec* find_key_spec(std::string_view name);

json::array algorithm_names(std::span<const std::string_view> algorithms);

}  // namespace clary::api::kms
