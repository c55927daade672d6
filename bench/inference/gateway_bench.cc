// The data plane without a model: the whole way of an InvokeEndpoint (signature, routing, variant,
// socket to a model server) with a model server that answers at once. What is left is what the
// gateway adds. Load it with bench/support/signed_wrk.py; the client file is written to FOLDER.
//   clary_gateway_bench FOLDER THREADS
#include <filesystem>
#include <iostream>

#include "api/allow_all.h"
#include "http/server.h"
#include "identity/credentials.h"
#include "identity/roles.h"
#include "keys/keys_fixture.h"
#include "server/client_file.h"
#include "server/gateway.h"
#include "server/invocations.h"

namespace {

using namespace clary;

boost::asio::awaitable<void> model(http::Exchange& exchange) {
  std::array<std::byte, 4096> piece;
  while (co_await exchange.body.read_some(piece) > 0) {
  }
  ResponseHead head;
  head.headers.emplace_back("Content-Type", "text/csv");
  co_await exchange.response.send(std::move(head), "0.5\n");
}

std::shared_ptr<engine::EndpointRoute> route_to(const std::string& socket) {
  auto instance = std::make_shared<engine::ServingInstance>();
  instance->unix_path = socket;
  auto route = std::make_shared<engine::EndpointRoute>();
  *route = {.account = "000000000000",
            .region = "us-east-1",
            .name = "bench",
            .in_service = true,
            .variants = {}};
  route->variants = {{"AllTraffic", 1.0, {instance}}};
  return route;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const SystemClock clock;
  store::Database database(folder / "metadata.db",
                           {identity::Credentials::migrations(), identity::Roles::migrations()});
  keys::TestSealer sealer;
  identity::Credentials credentials(database, clock, sealer);
  identity::Roles roles(database, clock);
  const std::string role = roles.ensure_execution_role("000000000000").arn;
  const identity::AccessKey key = credentials.local_key("000000000000");

  http::ServerOptions model_options;
  model_options.unix_path = folder / "model.sock";
  http::Server model_server(model_options, model);
  model_server.start();

  engine::EndpointRoutes routes;
  routes.publish(route_to(model_options.unix_path));
  server::InvocationMetrics invocation_metrics(clock, [](auto, auto) {});
  server::Invocations invocations(routes, invocation_metrics);
  const wire::Models models;
  server::RequestMetrics metrics;
  const server::ServiceRegistry registry(models, {&invocations}, metrics);
  server::Authenticator authenticator(credentials, clock, "us-east-1");
  api::AllowAll authorizer;
  audit::EventIndex index(folder / "audit");
  audit::TrailOptions trail_options;
  trail_options.folder = folder / "audit";
  audit::Trail trail(trail_options, clock, index);
  server::RequestAudit request_audit(trail, server::RequestAudit::DataEvents::kOn, clock);
  server::RateLimits limits({});
  WorkerPool workers(2, 100);
  server::Gateway gateway(registry, authenticator, authorizer, workers, clock, metrics,
                          {.audit = request_audit, .limits = limits}, {});
  http::ServerOptions options;
  options.threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  http::Server front(options,
                     [&gateway](http::Exchange& exchange) { return gateway.handle(exchange); });
  const std::string url = "http://127.0.0.1:" + std::to_string(front.port());
  server::write_client_file(folder, {.url = url,
                                     .account_id = "000000000000",
                                     .region = "us-east-1",
                                     .role_arn = role,
                                     .access_key_id = key.id,
                                     .secret_access_key = key.secret,
                                     .ca_bundle = {}});
  front.start();
  std::cout << "ready " << url << std::endl;
  std::cin.get();  // until its caller closes standard input
  front.stop(std::chrono::milliseconds(0));
  model_server.stop(std::chrono::milliseconds(0));
}
