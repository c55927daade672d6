#include "server/console_face.h"

#include "base/random.h"
#include "base/text.h"
#include "server/cookies.h"
#include "server/payload.h"
#include "server/service_of_request.h"
#include "wire/sha256.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kPrefix = "/_console/";
constexpr std::string_view kSession = "session", kCredentials = "credentials";
constexpr std::size_t kBodyBytes = 16U << 10;

// Nothing but what this server serves, no code in the page itself, nobody's frame.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

constexpr std::string_view kNotBuilt = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clary</title></head><body>
<h1>The console is not built</h1>
<p>This server found no console in <code>share/clary/console</code> beside its program. In Clary's
source folder <code>make console</code> builds it; then load this page again. The setting
<code>console_folder</code> names another folder.</p>
<p>The API does not need it: <code>clary env</code> prints how clients reach this server.</p>
</body></html>
)";

// Scripts, styles and fonts run or show nothing by themselves: what is for documents would only add
// half a kilobyte to each of many small files.
bool is_document(std::string_view type) {
  return type.starts_with("text/html") || type.starts_with("image/svg");
}

ResponseHead head_of(unsigned status, std::string_view type) {
  ResponseHead head{.status = status,
                    .headers = {{"Content-Type", std::string(type)},
                                {"X-Content-Type-Options", "nosniff"},
                                {"Cross-Origin-Resource-Policy", "same-origin"}},
                    .content_length = std::nullopt};
  if (is_document(type)) {
    head.headers.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
    head.headers.emplace_back("X-Frame-Options", "DENY");
    head.headers.emplace_back("Referrer-Policy", "same-origin");
    head.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  }
  return head;
}

std::string_view host_of(std::string_view peer) {
  return peer.substr(0, peer.rfind(':'));
}

bool is_here(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
}

constexpr std::string_view kCookie = "clary_console";

std::string token_in(const RequestHead& head) {
  return cookie_in(head, cookie_name(kCookie, head));
}

// CloudTrail's userIdentity of somebody who did not get in. A name that no user has is not written
// down: it may be a password that was typed into the wrong field.
std::shared_ptr<const audit::Identity> stranger(std::string_view account, const std::string& user) {
  auto who = std::make_shared<audit::Identity>();
  who->account = account;
  who->user_name = user.empty() ? "HIDDEN_DUE_TO_SECURITY_REASONS" : user;
  who->json = json::serialize(json::object{{"type", "IAMUser"},
                                           {"accountId", account},
                                           {"accessKeyId", ""},
                                           {"userName", who->user_name}});
  return who;
}

}  // namespace

struct ConsoleFace::Answer {
  unsigned status = 200;
  json::object body;
  enum class Cookie { kKeep, kSet, kClear };
  Cookie cookie = Cookie::kKeep;
  std::string token = {};
  std::chrono::milliseconds retry_after = {};

  static Answer fault(unsigned status, std::string_view code, std::string_view message) {
    Answer answer;
    answer.status = status;
    answer.body = {{"code", code}, {"message", message}};
    return answer;
  }
  static Answer of(json::object body) {
    Answer answer;
    answer.body = std::move(body);
    return answer;
  }
  // A cookie that names no session is of no use to the browser.
  static Answer not_signed_in(std::string_view token) {
    Answer answer = fault(401, "NotSignedIn", "You are not signed in, or your session has ended.");
    if (!token.empty()) answer.cookie = Cookie::kClear;
    return answer;
  }
};

bool ConsoleFace::is_for(const RequestHead& head) {
  if (head.path.starts_with(kPrefix) || head.path == "/_console") return true;
  return (head.method == "GET" || head.method == "HEAD") && head.path == "/" &&
         head.query.empty() && !head.headers.find("Authorization") &&
         bucket_in_host(head).empty() &&
         head.headers.get("Accept").find("text/html") != std::string_view::npos;
}

asio::awaitable<void> ConsoleFace::handle(http::Exchange& exchange) {
  const RequestHead& head = exchange.request;
  if (exchange.request_id.empty()) exchange.request_id = random_uuid();
  if (parts_.remote_needs_tls && !head.tls && !is_here(head.peer)) {
    co_await exchange.response.send(head_of(403, "text/plain; charset=utf-8"),
                                    "This server takes requests over TLS only: use https://.\n");
    co_return;
  }
  if (!head.path.starts_with(kPrefix)) {
    ResponseHead answer = head_of(302, "text/plain; charset=utf-8");
    answer.headers.emplace_back("Location", kPrefix);
    answer.headers.emplace_back("Cache-Control", "no-store");
    co_await exchange.response.send(std::move(answer), "");
    co_return;
  }
  const std::string path = head.path.substr(kPrefix.size());
  if (path == kSession || path == kCredentials) {
    co_await send_sign_in(exchange, path);
    co_return;
  }
  if (head.method != "GET" && head.method != "HEAD") {
    co_await exchange.response.send(head_of(405, "text/plain; charset=utf-8"),
                                    "only GET and HEAD\n");
    co_return;
  }
  co_await send_file(exchange, path);
}

asio::awaitable<void> ConsoleFace::send_file(http::Exchange& exchange, std::string_view path) {
  const RequestHead& request = exchange.request;
  std::optional<ConsoleFile> found;
  bool built = true;
  co_await on_workers(parts_.workers, [&] {
    found = files_.open(path, request.headers.get("Accept-Encoding"));
    if (!found) built = files_.built();
  });
  if (!found) {
    ResponseHead head = head_of(built ? 404 : 503, built ? "text/plain" : "text/html");
    head.headers.emplace_back("Cache-Control", "no-store");
    co_await exchange.response.send(std::move(head),
                                    built ? "no such file\n" : std::string(kNotBuilt));
    co_return;
  }
  ResponseHead head = head_of(200, found->type);
  head.headers.emplace_back("Cache-Control",
                            found->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  head.headers.emplace_back("Vary", "Accept-Encoding");
  head.headers.emplace_back("ETag", found->etag);
  if (!found->encoding.empty()) head.headers.emplace_back("Content-Encoding", found->encoding);
  if (request.headers.get("If-None-Match") == found->etag) {
    head.status = 304;
    co_await exchange.response.send(std::move(head), "");
    co_return;
  }
  head.content_length = found->length;
  co_await exchange.response.start(std::move(head));
  if (request.method == "GET" && found->length > 0) {
    co_await exchange.response.write_file(found->file.get(), 0, found->length);
  }
  co_await exchange.response.finish();
}

asio::awaitable<void> ConsoleFace::send_sign_in(http::Exchange& exchange, std::string_view what) {
  Answer answer;
  try {
    const std::string body = co_await read_all(exchange.body, kBodyBytes);
    answer =
        co_await on_workers(parts_.workers, [&] { return this->answer(exchange, what, body); });
  } catch (const Overloaded&) {
    answer = Answer::fault(503, "Overloaded", "The server is busy. Try again in a moment.");
  } catch (const BodyError& error) {
    if (error.kind() != BodyError::Kind::kTooLarge) throw;
    answer = Answer::fault(413, "RequestTooLarge", "The request is too large.");
  }
  ResponseHead head = head_of(answer.status, "application/json");
  head.headers.emplace_back("Cache-Control", "no-store");
  if (answer.retry_after.count() > 0) {
    head.headers.emplace_back(
        "Retry-After",
        std::to_string(std::chrono::ceil<std::chrono::seconds>(answer.retry_after).count()));
  }
  if (answer.cookie != Answer::Cookie::kKeep) {
    const auto age = answer.cookie == Answer::Cookie::kSet
                         ? std::chrono::seconds(identity::ConsoleSessions::kLifetime).count()
                         : 0;
    head.headers.emplace_back("Set-Cookie",
                              cookie_name(kCookie, exchange.request) + "=" + answer.token +
                                  "; Path=/_console; HttpOnly; SameSite=Strict; Max-Age=" +
                                  std::to_string(age) + (exchange.request.tls ? "; Secure" : ""));
  }
  co_await exchange.response.send(std::move(head), json::serialize(answer.body));
}

// Blocks.
ConsoleFace::Answer ConsoleFace::answer(const http::Exchange& exchange, std::string_view what,
                                        const std::string& body) {
  const RequestHead& head = exchange.request;
  if (!head.headers.find("X-Clary-Console")) {
    return Answer::fault(403, "NotFromConsole", "The header field X-Clary-Console is missing.");
  }
  if (what == kCredentials && head.method == "POST") return credentials(token_in(head));
  if (what == kSession && head.method == "POST") return sign_in(exchange, body);
  if (what == kSession && head.method == "GET") return session(token_in(head));
  if (what == kSession && head.method == "DELETE") {
    parts_.sessions.end(token_in(head));
    Answer out;
    out.cookie = Answer::Cookie::kClear;
    return out;
  }
  return Answer::fault(405, "MethodNotAllowed", "There is no such method here.");
}

ConsoleFace::Answer ConsoleFace::sign_in(const http::Exchange& exchange, const std::string& body) {
  if (exchange.request.headers.find("Authorization")) return sign_in_with_key(exchange, body);
  boost::system::error_code error;
  const json::value form = json::parse(body, error);
  if (error || !form.is_object()) {
    return Answer::fault(400, "InvalidRequest", "The body is no JSON object.");
  }
  return sign_in_with_password(exchange, form.get_object());
}

// An account is called by its id, its alias or its name.
identity::Account ConsoleFace::account_called(std::string_view name) {
  if (name.empty()) name = parts_.account;
  if (auto account = parts_.accounts.find(name)) return *std::move(account);
  for (identity::Account& account : parts_.accounts.list()) {
    if (account.alias == name || equals_ignore_case(account.name, name)) return std::move(account);
  }
  identity::Account unknown;
  unknown.id = name;
  return unknown;
}

ConsoleFace::Answer ConsoleFace::sign_in_with_password(const http::Exchange& exchange,
                                                       const json::object& form) {
  using Outcome = identity::SignIn::Outcome;
  const identity::Account account = account_called(string_or(form, "account"));
  const identity::SignIn result =
      parts_.logins.verify(account.id, string_or(form, "user"), string_or(form, "password"),
                           host_of(exchange.request.peer));
  const std::string known = result.user ? result.user->name : "";
  const auto refused = [&](std::string_view why, audit::Category category) {
    record(exchange, stranger(account.id, known), why, category);
  };
  switch (result.outcome) {
    case Outcome::kOk:
      return signed_in(exchange, parts_.sessions.start(*result.user));
    case Outcome::kThrottled: {
      // A flood of these may be left out of the log under pressure.
      refused("Too many failed attempts", audit::Category::kData);
      Answer wait = Answer::fault(429, "TooManyAttempts",
                                  "Too many failed attempts. Wait a moment, then try again.");
      wait.retry_after = result.retry_after;
      return wait;
    }
    case Outcome::kRefused:
      refused("Failed authentication", audit::Category::kManagement);
      return Answer::fault(401, "SignInFailed",
                           "Account, user name or password is wrong, or the user has no "
                           "password.");
    case Outcome::kLocked:
      refused("The password has expired", audit::Category::kManagement);
      return Answer::fault(403, "PasswordExpired",
                           "The password has expired. Ask an administrator for a new one.");
    case Outcome::kExpired:
    case Outcome::kResetRequired:
      break;
  }
  const std::string password = string_or(form, "new_password");
  if (password.empty()) {
    return Answer::fault(403, "PasswordChangeRequired", "Choose a new password before you go on.");
  }
  Answer failed = change_password(*result.user, account, password);
  if (failed.status != 200) return failed;
  return signed_in(exchange, parts_.sessions.start(*result.user));
}

ConsoleFace::Answer ConsoleFace::change_password(const identity::User& user,
                                                 const identity::Account& account,
                                                 std::string_view password) {
  const identity::PasswordPolicy& policy = account.password_policy;
  if (!identity::conforms(policy, account, password)) {
    return Answer::fault(400, "PasswordPolicyViolation",
                         "The new password is not as the account's password policy asks.");
  }
  if (!parts_.logins.update(user.id, password, false, policy.reuse_prevention)) {
    return Answer::fault(400, "PasswordPolicyViolation",
                         "The new password has been used recently. Choose another one.");
  }
  return {};
}

// The key itself never comes here: a signature shows that the page has it.
ConsoleFace::Answer ConsoleFace::sign_in_with_key(const http::Exchange& exchange,
                                                  const std::string& body) {
  const RequestHead& head = exchange.request;
  const auto claim = parts_.authenticator.claim(head);
  const bool meant = claim && claim->request.scope.service == "signin" && !claim->request.presigned;
  const auto hash = wire::hex_digest(wire::sha256(body));
  if (!meant || !parts_.authenticator.verify(head, *claim, hash.view())) {
    const auto known = claim ? claim->access_key->principal : nullptr;
    record(exchange, stranger(known ? known->account : "ANONYMOUS_PRINCIPAL", ""),
           "Failed authentication", known ? audit::Category::kManagement : audit::Category::kData);
    return Answer::fault(401, "SignInFailed",
                         "The access key is not known here, is not active, or the secret access "
                         "key is wrong. A clock that is off by more than 15 minutes fails "
                         "too.");
  }
  return signed_in(exchange, parts_.sessions.start(*claim->access_key));
}

ConsoleFace::Answer ConsoleFace::signed_in(const http::Exchange& exchange, std::string token) {
  Answer answer = session(token);
  const auto session = parts_.sessions.find(token);
  if (!session) return answer;  // its user or key was just removed
  identity::AccessKey shown;
  shown.created = session->created;
  shown.principal = std::make_shared<const identity::Principal>(session->principal);
  record(exchange, identity_of(shown), "", audit::Category::kManagement);
  answer.cookie = Answer::Cookie::kSet;
  answer.token = std::move(token);
  return answer;
}

ConsoleFace::Answer ConsoleFace::session(std::string_view token) {
  using Kind = identity::Principal::Kind;
  const auto session = parts_.sessions.find(token);
  if (!session) {
    return Answer::not_signed_in(token);
  }
  const identity::Principal& who = session->principal;
  const auto account = parts_.accounts.find(who.account);
  return Answer::of({{"account", who.account},
                     {"accountName", account ? account->name : ""},
                     {"arn", who.arn},
                     {"user", who.kind == Kind::kRoot ? "root"
                              : who.owner             ? "owner"
                                                      : who.arn.substr(who.arn.rfind('/') + 1)},
                     {"everything", who.kind == Kind::kRoot || who.owner},
                     {"region", parts_.region},
                     {"expires", iso8601(session->expires)}});
}

ConsoleFace::Answer ConsoleFace::credentials(std::string_view token) {
  const auto key = parts_.sessions.credentials(token);
  if (!key) {
    return Answer::not_signed_in(token);
  }
  return Answer::of({{"AccessKeyId", key->id},
                     {"SecretAccessKey", key->secret},
                     {"SessionToken", key->session_token},
                     {"Expiration", iso8601(*key->expires)}});
}

// As CloudTrail records them ("AWS Management Console sign-in events").
void ConsoleFace::record(const http::Exchange& exchange, std::shared_ptr<const audit::Identity> who,
                         std::string_view fault, audit::Category category) {
  audit::Event event;
  event.identity = std::move(who);
  event.source = "signin.amazonaws.com";
  event.name = "ConsoleLogin";
  event.region = parts_.region;
  event.status = fault.empty() ? 200 : 401;
  if (!fault.empty()) event.error_code = "Failure";
  event.error_message = fault;
  event.category = category;
  parts_.audit.record(exchange.request, exchange.request_id, std::move(event));
}

}  // namespace clary::server
