#include "server/serve.h"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <system_error>
#include <thread>

#include "base/errors.h"
#include "base/log.h"
#include "http/server.h"
#include "server/client_file.h"
#include "server/folder_lock.h"
#include "server/service_of_request.h"
#include "server/services.h"
#include "server/tls_authority.h"
#include "server/tls_certificates.h"

namespace clary::server {
namespace {

// Requests under way at SIGTERM may take that long; what is left is cut off.
constexpr std::chrono::seconds kDrain{10};
constexpr std::chrono::seconds kNotebookDrain{2};
constexpr unsigned kNotebookThreads = 2;

http::ServerOptions server_options(const Settings& settings, http::TlsContexts& tls) {
  http::ServerOptions options;
  options.address = settings.address;
  options.port = settings.port;
  options.threads = settings.io_threads != 0 ? settings.io_threads
                                             : std::max(1U, std::thread::hardware_concurrency());
  options.tls = &tls;
  options.limits.connections_per_address = settings.connections_per_address;
  options.accepts_connect = is_aws_host;
  return options;
}

std::unique_ptr<http::Server> listen_there(http::ServerOptions options, http::Handler handler,
                                           std::string_view flag) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  try {
    return std::make_unique<http::Server>(std::move(options), std::move(handler));
  } catch (const std::system_error& error) {
    throw std::runtime_error("cannot listen on " + where + ": " + error.code().message() +
                             "; choose another with " + std::string(flag));
  }
}

// Where clients on this machine reach who listens there.
std::string host_and_port(const std::string& address, std::uint16_t port) {
  const bool any = address == "0.0.0.0" || address == "::";
  const std::string host = any ? "127.0.0.1" : address;
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

// Browsers' own listener for notebooks.
std::unique_ptr<http::Server> bind_notebooks(const Settings& settings, http::TlsContexts& tls,
                                             const http::Handler& handler) {
  http::ServerOptions options = server_options(settings, tls);
  const ListenAddress wanted = notebook_listener(settings);
  options.address = wanted.address;
  options.port = wanted.port;
  options.threads = std::min(options.threads, kNotebookThreads);
  options.accepts_connect = nullptr;
  if (settings.notebook_listen.empty() && options.port != 0) {
    try {
      return std::make_unique<http::Server>(options, handler);
    } catch (const std::system_error& error) {
      spdlog::warn(
          "notebooks: port {} is taken ({}): another one is used; --notebook-listen names "
          "one that stays",
          options.port, error.code().message());
      options.port = 0;
    }
  }
  return listen_there(std::move(options), handler, "--notebook-listen");
}

// What the URLs of notebooks begin with when nobody says so.
std::string notebook_url(const Settings& settings, std::uint16_t port) {
  if (!settings.notebook_url.empty()) return settings.notebook_url;
  const bool secure = settings.require_tls == Settings::RequireTls::kRemote ||
                      !settings.tls_certificate.empty() ||
                      std::filesystem::exists(settings.data_dir / "tls" / "server.pem");
  return (secure ? "https://" : "http://") +
         host_and_port(notebook_listener(settings).address, port);
}

// How often certificate files are looked at.
constexpr std::chrono::seconds kTlsCheckEvery{5};

// Blocks SIGTERM, SIGINT and SIGHUP for the whole process; wait() takes the next one. Before any
// thread.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  // 0: none came within `time`.
  int wait(std::chrono::seconds time) const {
    const timespec limit{.tv_sec = time.count(), .tv_nsec = 0};
    const int caught = sigtimedwait(&signals_, nullptr, &limit);
    return caught > 0 ? caught : 0;
  }

 private:
  sigset_t signals_{};
};

}  // namespace

int serve(const Settings& settings) {
  const StopSignals signals;
  make_private_folder(settings.data_dir);
  const FolderLock lock(settings.data_dir);
  const SystemClock clock;
  TlsAuthority authority(settings.data_dir / "tls", clock);
  TlsCertificates tls({.certificate = settings.tls_certificate, .key = settings.tls_key}, authority,
                      clock);
  Services services(settings, clock);
  const auto server = listen_there(server_options(settings, tls), services.handler(), "--listen");
  const auto notebooks = bind_notebooks(settings, tls, services.notebook_handler());
  services.serve_notebooks_at(notebook_url(settings, notebooks->port()));
  services.add_server_gauges(*server);
  services.add_gauge("clary_tls_certificate_seconds_left", "Time until the certificate ends.",
                     [&] { return epoch_seconds(tls.expires()) - epoch_seconds(clock.now()); });

  const std::string url = "http://" + host_and_port(settings.address, server->port());
  write_client_file(settings.data_dir, services.client_file(url, authority.bundle_file()));
  // First what was stored, then the requests: the report of an agent that outlived the last server
  // must find its run, or it would be told that nobody knows it and stop.
  services.start(url);
  server->start();
  notebooks->start();
  std::printf("ready %s\n", url.c_str());
  std::fflush(stdout);

  int caught = 0;
  while (caught != SIGTERM && caught != SIGINT) {
    caught = signals.wait(kTlsCheckEvery);
    if (caught == SIGHUP) {
      tls.reload();
    } else if (caught == 0) {
      tls.check();
    }
  }
  spdlog::info("{}: finishing the requests under way", caught == SIGINT ? "SIGINT" : "SIGTERM");
  notebooks->stop(kNotebookDrain);
  server->stop(kDrain);
  services.stop();
  return 0;
}

}  // namespace clary::server
