#include "api/s3/etag.h"

#include <algorithm>

#include "base/text.h"

namespace clary::api::s3 {

std::string in_quotes(std::string_view etag) {
  return "\"" + std::string(etag) + "\"";
}

std::string_view bare_etag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return etag;
}

bool etag_listed(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto entry = trim(list.substr(0, comma));
    if (entry == "*" || bare_etag(entry) == etag) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace clary::api::s3
