// Boost.JSON under a short name, and the few reads every caller repeats.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clary {

namespace json = boost::json;

// The member `name` as a string; nullopt when it is absent or of another kind. The view lives as
// long as `object` is unchanged.
std::optional<std::string_view> find_string(const json::object& object, std::string_view name);

// The same for a whole number; a double with an integral value counts.
std::optional<std::int64_t> find_int(const json::object& object, std::string_view name);

std::optional<double> find_double(const json::object& object, std::string_view name);
std::optional<bool> find_bool(const json::object& object, std::string_view name);

// Nullptr when absent or of another kind.
const json::object* find_object(const json::object& object, std::string_view name);
const json::array* find_array(const json::object& object, std::string_view name);

// find_string with a fallback, copied.
std::string string_or(const json::object& object, std::string_view name,
                      std::string_view fallback = {});

}  // namespace clary
