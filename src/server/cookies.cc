#include "server/cookies.h"

#include "base/text.h"

namespace clary::server {
namespace {

// The next of "a=1; b=2"; takes it away.
std::string_view next_of(std::string_view& cookies) {
  const auto end = std::min(cookies.find(';'), cookies.size());
  const std::string_view one = trim(cookies.substr(0, end));
  cookies.remove_prefix(std::min(end + 1, cookies.size()));
  return one;
}

}  // namespace

std::string cookie_name(std::string_view name, const RequestHead& head) {
  const std::string_view host = head.headers.get("Host");
  const auto colon = host.rfind(':');
  std::string full(name);
  if (colon == std::string_view::npos) return full;
  const std::string_view port = host.substr(colon + 1);
  if (port.find_first_not_of("0123456789") == std::string_view::npos) full.append("_").append(port);
  return full;
}

std::string cookie_in(const RequestHead& head, std::string_view name) {
  const std::string wanted = std::string(name) + "=";
  std::string_view cookies = head.headers.get("Cookie");
  while (!cookies.empty()) {
    const std::string_view one = next_of(cookies);
    if (one.starts_with(wanted)) return std::string(one.substr(wanted.size()));
  }
  return {};
}

std::string cookies_without(std::string_view cookies, std::string_view prefix) {
  std::string rest;
  while (!cookies.empty()) {
    const std::string_view one = next_of(cookies);
    if (one.empty() || one.starts_with(prefix)) continue;
    if (!rest.empty()) rest += "; ";
    rest += one;
  }
  return rest;
}

}  // namespace clary::server
