// ID tokens and key sets as anybody may send them: the first line is the token, the rest the keys.
// No signature that the fuzzer makes up is good.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "identity/web_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::identity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view keys = text.substr(std::min(end + 1, text.size()));
  fault_of_keys(keys);
  if (const auto token = parse_web_token(text.substr(0, end))) signed_by(*token, keys);
  return 0;
}
