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

std::unique_ptr<http::Server> bind(http::ServerOptions options, http::Handler handler) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  try {
    return std::make_unique<http::Server>(std::move(options), std::move(handler));
  } catch (const std::system_error& error) {
    throw std::runtime_error("cannot listen on " + where + ": " + error.code().message() +
                             "; choose another with --listen");
  }
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
  const auto server = bind(server_options(settings, tls), services.handler());
  services.add_server_gauges(*server);
  services.add_gauge("clary_tls_certificate_seconds_left", "Time until the certificate ends.",
                     [&] { return epoch_seconds(tls.expires()) - epoch_seconds(clock.now()); });

  const bool any = settings.address == "0.0.0.0" || settings.address == "::";
  const std::string host = any ? "127.0.0.1" : settings.address;
  const std::string url = "http://" +
                          (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                          std::to_string(server->port());
  write_client_file(settings.data_dir, services.client_file(url, authority.bundle_file()));
  // First what was stored, then the requests: the report of an agent that outlived the last server
  // must find its run, or it would be told that nobody knows it and stop.
  services.start(url);
  server->start();
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
  server->stop(kDrain);
  services.stop();
  return 0;
}

}  // namespace clary::server
