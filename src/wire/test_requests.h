// Request heads for the unit tests of this folder.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "base/request.h"

namespace clary::wire {

inline RequestHead test_request(
    std::string method, std::string path, std::string query = {},
    std::initializer_list<std::pair<std::string, std::string>> headers = {}) {
  RequestHead head;
  head.method = std::move(method);
  head.path = std::move(path);
  head.query = std::move(query);
  for (const auto& [name, value] : headers) head.headers.add(name, value);
  return head;
}

}  // namespace clary::wire
