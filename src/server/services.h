// The composition root: builds every part of the server and hands each what it needs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/settings.h"
#include "http/server.h"
#include "server/client_file.h"
#include "wire/model.h"

namespace clary::server {

// owns: all of it, in the order in which it must end. threads: the constructing one.
// order: construct, start(), serve requests, stop the http::Server, stop(), destroy.
class Services {
 public:
  // Opens the stores in settings.data_dir. Throws StorageError.
  Services(const Settings& settings, const Clock& clock);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  // Takes up the work that an earlier server left, and new work from now on. `url`: where agents
  // reach this server.
  void start(const std::string& url);
  void stop();

  // What answers requests; valid while this object lives.
  http::Handler handler();
  // What answers browsers that come to notebooks.
  http::Handler notebook_handler();
  // What the URLs of notebooks begin with. order: before start().
  void serve_notebooks_at(std::string url);
  const wire::Models& models() const;
  std::vector<api::Service*> list();
  // Connections of the server among the gauges of /metrics. The server outlives the last request.
  void add_server_gauges(const http::Server& server);
  void add_gauge(std::string name, std::string help, std::function<double()> read);
  json::object run_owner_command(const json::object& command);
  // The account's key and role, for `clary env`.
  ClientFile client_file(const std::string& url, const std::filesystem::path& ca_bundle);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::server
