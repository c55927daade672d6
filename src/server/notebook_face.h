// Notebooks as browsers see them: the door, and the way through it to each notebook's server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event.h"
#include "base/clock.h"
#include "engine/notebook_routes.h"
#include "http/server.h"
#include "server/notebook_sessions.h"

namespace clary::server {

struct NotebookFaceParts {
  const engine::NotebookRoutes& routes;
  NotebookSessions& sessions;
  const Clock& clock;
  std::function<void(const RequestHead&, std::string_view request_id, audit::Event)> record;
  bool remote_needs_tls = false;
};

// On a listener of its own: a notebook shows what its user's programs say, and must not share an
// origin with the console or the API.
//
// GET /ACCOUNT/REGION/NAME?authToken=...  opens a session: a cookie that is good below that path,
//                                         and the way on to JupyterLab
// /ACCOUNT/REGION/NAME/...                everything of the notebook's server, WebSockets too
//
// The notebook's server gets its own secret from here and none of ours: no cookie, no Authorization
// field of the client. Which notebook is meant, only the first three parts of the path say.
//
// threads: any; handle() runs on the connection's executor.
class NotebookFace {
 public:
  explicit NotebookFace(NotebookFaceParts parts) : parts_(std::move(parts)) {}
  boost::asio::awaitable<void> handle(http::Exchange& exchange);

 private:
  struct Visit;
  struct Page;

  Page admit(const http::Exchange& exchange, Visit& visit) const;
  Page open_session(const http::Exchange& exchange, const Visit& visit, std::string_view token);
  bool answers_to(std::string_view host) const;
  bool is_own_origin(const RequestHead& head) const;
  bool comes_from_elsewhere(const http::Exchange& exchange) const;
  std::vector<std::pair<std::string, std::string>> fields_for(const http::Exchange& exchange,
                                                              const Visit& visit) const;
  boost::asio::awaitable<void> pass_on(http::Exchange& exchange, const Visit& visit);
  void record(const http::Exchange& exchange, const Visit& visit, std::string_view principal);

  const NotebookFaceParts parts_;
};

}  // namespace clary::server
