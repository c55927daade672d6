// What model servers and other peers answer: no bytes crash the parser, a body stays below its
// limit, and how the bytes are cut into reads does not change what they mean.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/response_parser.h"

namespace {

using namespace clary::http;

constexpr std::size_t kMostBody = 4096;

// Status, headers and body of the response, or "" when there is no whole one.
std::string parse(std::string_view bytes, std::size_t step) {
  ResponseParser parser(false, kMostBody);
  std::size_t come = 0, used = 0;
  try {
    while (!parser.done()) {
      const std::size_t count = parser.parse(bytes.substr(used, come - used));
      if (count > come - used) std::abort();
      used += count;
      if (count > 0 || parser.done()) continue;
      if (come == bytes.size()) {
        parser.end();
        break;
      }
      come = std::min(bytes.size(), come + step);
    }
    if (!parser.done()) return {};
  } catch (const ClientError&) {
    return {};
  }
  const auto& response = parser.response();
  if (response.body.size() > kMostBody) std::abort();
  std::string seen = std::to_string(response.status);
  for (const auto& [name, value] : response.headers) seen += "\n" + name + ":" + value;
  return seen + "\n\n" + response.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = parse(bytes, bytes.size() + 1);
  if (!whole.empty() && parse(bytes, data[0] + 1U) != whole) std::abort();
  return 0;
}
