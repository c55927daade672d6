#include "cli/owner_client.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "http/client.h"

namespace clary::cli {
namespace {

// http://HOST:PORT, as the server writes it.
std::optional<http::Address> address_of(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto colon = url.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  http::Address address;
  address.host = host;
  const auto [end, error] =
      std::from_chars(url.data() + colon + 1, url.data() + url.size(), address.port);
  if (error != std::errc()) return std::nullopt;
  return address;
}

}  // namespace

std::optional<json::object> send_owner_command(const std::filesystem::path& data_dir,
                                               const json::object& command) {
  std::ifstream in(data_dir / "client.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::system::error_code error;
  const json::value client = json::parse(text, error);
  if (error || !client.is_object()) return std::nullopt;
  const auto address = address_of(string_or(client.get_object(), "url"));
  const std::string token = string_or(client.get_object(), "owner_token");
  if (!address || token.empty()) return std::nullopt;
  http::ClientResponse response;
  try {
    response = http::BlockingClient(*address).send(
        {.method = "POST",
         .target = "/_clary/owner",
         .headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
         .body = json::serialize(command)},
        std::chrono::seconds(30));
  } catch (const http::ClientError& failure) {
    if (failure.kind() == http::ClientError::Kind::kConnect) return std::nullopt;
    throw;
  }
  // Somebody else's server has the address now.
  if (response.status == 404) return std::nullopt;
  if (response.status == 400) throw std::runtime_error(response.body);
  json::value answer = json::parse(response.body, error);
  if (response.status != 200 || error || !answer.is_object()) {
    throw std::runtime_error("the server answered " + std::to_string(response.status));
  }
  return std::move(answer.get_object());
}

}  // namespace clary::cli
