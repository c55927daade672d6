#include "agent/run_file.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace clary::agent {

http::Address parse_server_url(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw std::invalid_argument("server URL is not http: " + url);
  std::string_view rest = std::string_view(url).substr(kScheme.size());
  rest = rest.substr(0, rest.find('/'));
  const auto colon = rest.rfind(':');
  http::Address address;
  address.port = 80;
  address.host = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (parsed.ec != std::errc()) throw std::invalid_argument("server URL has no port: " + url);
  }
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  return address;
}

RunFile read_run_file(const std::filesystem::path& folder) {
  std::ifstream in(folder / "run.json", std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + (folder / "run.json").string());
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  boost::json::parse_options options;
  options.max_depth = 256;
  const json::value value = json::parse(text, {}, options);
  const json::object* spec = find_object(value.as_object(), "spec");
  const json::object* access = find_object(value.as_object(), "access");
  if (spec == nullptr || access == nullptr) throw std::invalid_argument("run.json is damaged");
  RunFile run;
  run.spec = job_spec_from_json(*spec);
  run.server_url = string_or(*access, "server_url");
  run.server = parse_server_url(run.server_url);
  run.report_token = string_or(*access, "report_token");
  run.credentials = {string_or(*access, "access_key_id"), string_or(*access, "secret_access_key"),
                     string_or(*access, "session_token")};
  run.folder = folder;
  run.data_folder = string_or(value.as_object(), "data_folder");
  run.cgroup_root = string_or(value.as_object(), "cgroup_root", "/sys/fs/cgroup");
  const auto volume = find_string(value.as_object(), "encrypted_volume");
  run.on_encrypted_disk = volume.has_value();
  run.opt_ml = volume ? std::filesystem::path(*volume) : folder / "ml";
  run.container_socket = string_or(value.as_object(), "container_socket");
  return run;
}

}  // namespace clary::agent
