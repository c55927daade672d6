#include "cli/client_environment.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/json.h"

namespace clary::cli {
namespace {

json::object read_client_file(const std::filesystem::path& data_dir) {
  const auto file = data_dir / "client.json";
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw std::runtime_error("no server has run in " + data_dir.string() +
                             " yet; start one: clary serve --data-dir " + data_dir.string());
  }
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) throw std::runtime_error(file.string() + " is damaged");
  return value.get_object();
}

std::string required(const json::object& client, std::string_view name) {
  const auto value = find_string(client, name);
  if (!value) throw std::runtime_error("client.json lacks " + std::string(name));
  return std::string(*value);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> client_environment(
    const std::filesystem::path& data_dir) {
  const json::object client = read_client_file(data_dir);
  const std::string url = required(client, "url");
  const std::string region = required(client, "region");
  const std::string bundle = required(client, "ca_bundle");
  return {{"AWS_ENDPOINT_URL", url},
          {"AWS_ACCESS_KEY_ID", required(client, "access_key_id")},
          {"AWS_SECRET_ACCESS_KEY", required(client, "secret_access_key")},
          {"AWS_DEFAULT_REGION", region},
          {"AWS_REGION", region},
          {"CLARY_ROLE_ARN", required(client, "role_arn")},
          {"AWS_CA_BUNDLE", bundle},
          {"REQUESTS_CA_BUNDLE", bundle},
          {"HTTPS_PROXY", url},
          {"NO_PROXY", "127.0.0.1,localhost,::1"}};
}

std::string shell_exports(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += "export " + name + "='";
    for (const char c : value) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text.push_back(c);
      }
    }
    text += "'\n";
  }
  // Long-lived session keys of another account would win over the ones above.
  text += "unset AWS_SESSION_TOKEN AWS_PROFILE\n";
  return text;
}

}  // namespace clary::cli
