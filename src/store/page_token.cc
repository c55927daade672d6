#include "store/page_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/text.h"

namespace clary::store {
namespace {

constexpr std::size_t kSealBytes = 16;

std::string seal_of(std::string_view secret, std::string_view query, std::string_view position) {
  std::string text = std::to_string(query.size()) + ":";
  text.append(query).append(position);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &length);
  return std::string(reinterpret_cast<const char*>(digest.data()), kSealBytes);
}

}  // namespace

std::string seal_token(std::string_view secret, std::string_view query, std::string_view position) {
  auto sealed = seal_of(secret, query, position);
  sealed.append(position);
  return base64(sealed);
}

std::optional<std::string> open_token(std::string_view secret, std::string_view query,
                                      std::string_view token) {
  const auto sealed = unbase64(token);
  if (!sealed || sealed->size() < kSealBytes) return std::nullopt;
  auto position = sealed->substr(kSealBytes);
  const auto expected = seal_of(secret, query, position);
  if (!equals_constant_time(expected, sealed->substr(0, kSealBytes))) return std::nullopt;
  return position;
}

}  // namespace clary::store
