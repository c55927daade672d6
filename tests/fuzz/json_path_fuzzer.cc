// JSONPath over JSON as text: any path is read or refused, and what it selects of a valid document
// is valid JSON again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "base/json_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const std::string_view document = text.substr(end + 1);
  boost::system::error_code error;
  json::parse(document, error);
  if (error) return 0;
  try {
    const std::string selected = JsonPath(text.substr(0, end)).select(document);
    json::parse(selected, error);
    if (error) std::abort();
  } catch (const std::invalid_argument&) {
    return 0;
  } catch (const JsonPathMissing&) {
    return 0;
  }
  return 0;
}
