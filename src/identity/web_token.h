// ID tokens of OpenID Connect: a JWT (RFC 7519) taken apart, and its signature (RFC 7515, 7518)
// against a provider's keys (RFC 7517). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace clary::identity {

struct WebToken {
  std::string algorithm, key_id;
  json::object claims;
  std::string signed_text, signature;
};

// Nullopt: no JWT. Nothing of it is to be believed before its signature is checked.
std::optional<WebToken> parse_web_token(std::string_view text);

// RS256, RS384, RS512, ES256 and ES384. `keys` is a JWK set as JSON text. A token without a key id
// is good when any key of the set signed it. RSA keys below 2,048 bits sign nothing.
bool signed_by(const WebToken& token, std::string_view keys);

// Why a text is no JWK set with a key that signed_by() can use; nullopt when it is one.
std::optional<std::string> fault_of_keys(std::string_view keys);

}  // namespace clary::identity
