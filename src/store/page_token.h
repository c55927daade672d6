// Page tokens: where a list goes on, sealed so that a client cannot make one up or use it with
// another query.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clary::store {

// `secret` keys the seal; `query` is any text that names the list the token belongs to.
std::string seal_token(std::string_view secret, std::string_view query, std::string_view position);
// Nullopt unless `token` was sealed with the same secret and query.
std::optional<std::string> open_token(std::string_view secret, std::string_view query,
                                      std::string_view token);

}  // namespace clary::store
