// The web console as this server serves it: its files below /_console/, and its sign-in. All else
// that the console does are calls of AWS's APIs.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/worker_pool.h"
#include "http/server.h"
#include "identity/accounts.h"
#include "identity/console_sessions.h"
#include "identity/logins.h"
#include "server/authenticator.h"
#include "server/console_files.h"
#include "server/request_audit.h"

namespace clary::server {

struct ConsoleFaceParts {
  Authenticator& authenticator;
  identity::ConsoleSessions& sessions;
  identity::Logins& logins;
  identity::Accounts& accounts;
  RequestAudit& audit;
  WorkerPool& workers;
  const Clock& clock;
  std::string account;  // whose users sign in when they name none
  std::string region;
  bool remote_needs_tls = false;
};

// POST /_console/session      signs in: {"account","user","password"[,"new_password"]}, or a body
//                             signed with an access key (Signature Version 4, service "signin")
// GET /_console/session       who is signed in
// DELETE /_console/session    signs out
// POST /_console/credentials  temporary credentials of whoever is signed in
//
// The session's token is in a cookie that scripts cannot read and other sites' pages cannot use:
// SameSite=Strict, and each of these needs a header field that a form or a link cannot send.
//
// threads: any; handle() runs on the connection's executor.
class ConsoleFace {
 public:
  ConsoleFace(ConsoleFaceParts parts, ConsoleFiles files)
      : parts_(std::move(parts)), files_(std::move(files)) {}

  // Whether a request is the console's. A browser that opens the server's address is sent there.
  static bool is_for(const RequestHead& head);
  boost::asio::awaitable<void> handle(http::Exchange& exchange);

 private:
  struct Answer;

  boost::asio::awaitable<void> send_file(http::Exchange& exchange, std::string_view path);
  boost::asio::awaitable<void> send_sign_in(http::Exchange& exchange, std::string_view what);
  Answer answer(const http::Exchange& exchange, std::string_view what, const std::string& body);
  Answer sign_in(const http::Exchange& exchange, const std::string& body);
  Answer sign_in_with_password(const http::Exchange& exchange, const json::object& form);
  Answer sign_in_with_key(const http::Exchange& exchange, const std::string& body);
  Answer change_password(const identity::User& user, const identity::Account& account,
                         std::string_view password);
  Answer signed_in(const http::Exchange& exchange, std::string token);
  Answer session(std::string_view token);
  Answer credentials(std::string_view token);
  identity::Account account_called(std::string_view name);
  void record(const http::Exchange& exchange, std::shared_ptr<const audit::Identity> who,
              std::string_view fault, audit::Category category);

  const ConsoleFaceParts parts_;
  const ConsoleFiles files_;
};

}  // namespace clary::server
