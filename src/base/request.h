// The head of a request, as bytes came in: what routing, signatures and codecs read. No HTTP
// library.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace clary {

// Header fields in the order they came; names compare without case. A handful of fields, so a
// linear scan beats a map.
class Headers {
 public:
  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // The first field of that name; the view lives as long as the headers are unchanged.
  std::optional<std::string_view> find(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
      if (equals_ignore_case(key, name)) return value;
    }
    return std::nullopt;
  }
  std::string_view get(std::string_view name) const { return find(name).value_or(""); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct RequestHead {
  std::string method;
  // Exactly as sent, still percent-encoded: signatures need the bytes. `path` starts with '/';
  // `query` lacks the '?'.
  std::string path;
  std::string query;
  Headers headers;
  std::string peer;  // the client's address, "127.0.0.1:53214"
  bool tls = false;  // the bytes came through TLS (directly, or inside a CONNECT tunnel)
};

}  // namespace clary
