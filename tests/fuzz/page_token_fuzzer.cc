// Page tokens as clients may send them back: opened only when they were sealed here.
#include <cstdlib>
#include <string_view>

#include "store/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clary::store;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (open_token("secret", "query", text)) std::abort();
  const auto token = seal_token("secret", text, text);
  if (open_token("secret", text, token) != text) std::abort();
  if (open_token("other", text, token)) std::abort();
  return 0;
}
