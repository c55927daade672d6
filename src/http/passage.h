// Passes one request on to another server and its answer back: both bodies bit by bit, and the
// connection itself when both sides want it upgraded (WebSockets).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/body.h"
#include "http/client.h"
#include "http/server.h"

namespace clary::http {

struct Passage {
  Address address{};
  std::string target{};  // path and query, percent-encoded
  // End-to-end fields alone, Host among them; what frames the body and the connection is added.
  std::vector<std::pair<std::string, std::string>> headers{};
  // The protocol to upgrade to ("websocket"); "": none. Only when the exchange offers it.
  std::string upgrade{};
  // No byte goes either way for so long: given up. Of an upgraded connection: `piped`.
  std::chrono::milliseconds idle{};
  PipeLimits piped{.idle = {}};
  // Looks at the answer's head before it goes to the client.
  std::function<void(ResponseHead& head)> edit{};
};

// Fields of one connection rather than of the message (RFC 9110, 7.6.1), and what frames messages:
// never passed on. `connection` is the value of the message's Connection field.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

// A connection of its own for each request: what one answer leaves behind reaches no other.
// Throws ClientError while nothing was answered; BodyError once something was, or when the client
// is to blame.
boost::asio::awaitable<void> pass_on(Exchange& exchange, const Passage& passage);

}  // namespace clary::http
