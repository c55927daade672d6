// A server that answers "ok" to everything: what the HTTP layer alone costs, against nginx's static
// 200 (bench/http/run.sh). With "proxy" it asks a second one behind a Unix-domain socket first, the
// way of an inference: what the pool of client connections costs.
#include <cstdlib>
#include <iostream>

#include "http/client.h"
#include "http/server.h"

namespace {

using clary::http::Exchange;

boost::asio::awaitable<void> answer(Exchange& exchange) {
  clary::ResponseHead head;
  head.headers.emplace_back("Content-Type", "text/plain");
  co_await exchange.response.send(std::move(head), "ok\n");
}

boost::asio::awaitable<void> forward(Exchange& exchange, const clary::http::Address& address) {
  // One pool for each thread of the server, as its executor.
  thread_local std::unique_ptr<clary::http::ClientPool> pool;
  if (!pool) {
    pool = std::make_unique<clary::http::ClientPool>(co_await boost::asio::this_coro::executor);
  }
  clary::http::ClientRequest request;
  request.method = "POST";
  request.target = "/invocations";
  request.headers.emplace_back("Content-Type", "text/csv");
  request.body = "1,2,3";
  auto response = co_await pool->send(address, request, std::chrono::seconds(60));
  clary::ResponseHead head;
  head.status = response.status;
  head.headers.emplace_back("Content-Type", "text/plain");
  co_await exchange.response.send(std::move(head), std::move(response.body));
}

}  // namespace

int main(int argc, char** argv) {
  clary::http::ServerOptions options;
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  options.threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  const bool proxy = argc > 3 && std::string_view(argv[3]) == "proxy";
  const clary::http::Address address{
      .host = "model",
      .port = 0,
      .unix_path = "/tmp/clary_http_bench." + std::to_string(::getpid())};
  std::unique_ptr<clary::http::Server> model;
  if (proxy) {
    clary::http::ServerOptions model_options;
    model_options.unix_path = address.unix_path;
    model = std::make_unique<clary::http::Server>(model_options, answer);
    model->start();
  }
  clary::http::Server server(options, proxy ? clary::http::Handler([&address](Exchange& exchange) {
                               return forward(exchange, address);
                             })
                                            : clary::http::Handler(answer));
  server.start();
  std::cout << "ready http://127.0.0.1:" << server.port() << std::endl;
  std::cin.get();  // until its caller closes standard input
  server.stop(std::chrono::milliseconds(0));
  if (model) std::cout << "forwarded " << model->requests_by_class()[2] << std::endl;
}
