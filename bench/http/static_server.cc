// A server that answers "ok" to everything: what the HTTP layer alone costs, against nginx's static
// 200 (bench/http/run.sh).
#include <cstdlib>
#include <iostream>

#include "http/server.h"

int main(int argc, char** argv) {
  clary::http::ServerOptions options;
  options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  options.threads = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 2);
  clary::http::Server server(options,
                             [](clary::http::Exchange& exchange) -> boost::asio::awaitable<void> {
                               clary::ResponseHead head;
                               head.headers.emplace_back("Content-Type", "text/plain");
                               co_await exchange.response.send(std::move(head), "ok\n");
                             });
  server.start();
  std::cout << "ready http://127.0.0.1:" << server.port() << std::endl;
  std::cin.get();  // until its caller closes standard input
}
