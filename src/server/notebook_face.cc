#include "server/notebook_face.h"

#include <boost/asio/ip/address.hpp>

#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "http/passage.h"
#include "server/cookies.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kCookie = "clary_notebook";
constexpr std::string_view kCookiesOfOurs = "clary_";
// How long a notebook's server may say nothing: conversions take minutes, and its WebSockets carry
// a ping each half minute.
constexpr std::chrono::minutes kIdle{10};

bool is_here(std::string_view peer) {
  return peer.starts_with("127.") || peer.starts_with("[::1]") || peer.starts_with("[::ffff:127.");
}

// HOST of "HOST:PORT", in lower case; brackets stay with IPv6.
std::string host_of(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const auto bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    authority = authority.substr(0, colon);
  }
  return to_lower(authority);
}

std::string_view authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

bool is_name(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kRegionLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kNameLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

// Whether some part of the path is "." or "..", however it is written.
bool climbs(std::string_view path) {
  const auto decoded = uri_decode(path);
  if (!decoded || decoded->find('\0') != std::string::npos) return true;
  std::string_view rest = *decoded;
  while (true) {
    const auto end = rest.find_first_of("/\\");
    const std::string_view part = rest.substr(0, end);
    if (part == "." || part == "..") return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

// The value of a parameter of the query; "" without it.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && one.substr(0, equals) == name) {
      return uri_decode(one.substr(equals + 1), Plus::kSpace).value_or("");
    }
  }
  return {};
}

bool changes_nothing(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// Of the client's fields, those that are not for the notebook's server: what proxies say is said
// anew here.
bool stays_here(std::string_view name) {
  return equals_ignore_case(name, "Host") || equals_ignore_case(name, "Authorization") ||
         equals_ignore_case(name, "Cookie") || equals_ignore_case(name, "Forwarded") ||
         equals_ignore_case(name, "X-Real-IP") || equals_ignore_case(name, "X-Scheme") ||
         to_lower(name).starts_with("x-forwarded-");
}

std::shared_ptr<const audit::Identity> identity_of(std::string_view arn,
                                                   const std::string& account) {
  auto who = std::make_shared<audit::Identity>();
  who->account = account;
  if (arn.empty()) return who;
  who->user_name = arn.substr(arn.find_last_of(":/") + 1);
  const bool root = arn.ends_with(":root");
  const bool session = arn.find(":assumed-role/") != std::string_view::npos;
  who->json = json::serialize(json::object{{"type", root      ? "Root"
                                                    : session ? "AssumedRole"
                                                              : "IAMUser"},
                                           {"arn", arn},
                                           {"accountId", account}});
  return who;
}

}  // namespace

// One request: which notebook, and with what right.
struct NotebookFace::Visit {
  engine::NotebookName notebook;
  engine::NotebookRoute route;
  std::string base;  // what its paths begin with
  std::optional<NotebookSession> session;
};

// What is shown instead of the notebook. Status 0: nothing, go on.
struct NotebookFace::Page {
  unsigned status = 0;
  std::string title = {}, text = {};
  std::string location = {}, cookie = {};

  asio::awaitable<void> send(http::Exchange& exchange) const {
    ResponseHead head{.status = status,
                      .headers = {{"Content-Type", "text/html; charset=utf-8"},
                                  {"Cache-Control", "no-store"},
                                  {"X-Content-Type-Options", "nosniff"},
                                  {"Referrer-Policy", "no-referrer"},
                                  {"Content-Security-Policy",
                                   "default-src 'none'; base-uri 'none'; form-action 'none'; "
                                   "frame-ancestors 'none'"}},
                      .content_length = std::nullopt};
    if (!location.empty()) head.headers.emplace_back("Location", location);
    if (!cookie.empty()) head.headers.emplace_back("Set-Cookie", cookie);
    co_await exchange.response.send(
        std::move(head),
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
            "</title></head><body>\n<h1>" + title + "</h1>\n<p>" + text + "</p>\n</body></html>\n");
  }
};

asio::awaitable<void> NotebookFace::handle(http::Exchange& exchange) {
  if (exchange.request_id.empty()) exchange.request_id = random_uuid();
  Visit visit;
  Page page = admit(exchange, visit);
  if (page.status == 0) {
    const RequestHead& head = exchange.request;
    const bool at_base = head.path == visit.base || head.path == visit.base + "/";
    if (const auto token = parameter(head.query, "authToken"); at_base && !token.empty()) {
      page = open_session(exchange, visit, token);
    } else if (!visit.session) {
      page = {.status = 403,
              .title = "Your session has ended",
              .text =
                  "Sessions end after some hours, and whenever the notebook instance is stopped. "
                  "Open it again from the console, or with a new URL of "
                  "<code>CreatePresignedNotebookInstanceUrl</code>."};
    } else if (comes_from_elsewhere(exchange)) {
      page = {.status = 403,
              .title = "Not from here",
              .text = "Another site's page tried to use this notebook."};
    }
  }
  if (page.status != 0) {
    co_await page.send(exchange);
  } else {
    co_await pass_on(exchange, visit);
  }
}

NotebookFace::Page NotebookFace::admit(const http::Exchange& exchange, Visit& visit) const {
  const RequestHead& head = exchange.request;
  if (parts_.remote_needs_tls && !head.tls && !is_here(head.peer)) {
    return {.status = 403,
            .title = "TLS is needed",
            .text = "This server takes requests over TLS only: use https://."};
  }
  if (!answers_to(head.headers.get("Host"))) {
    return {.status = 421,
            .title = "Another server's name",
            .text =
                "Notebooks are not served under this host name. The setting "
                "<code>notebook_url</code> says under which they are."};
  }
  std::array<std::string_view, 3> parts;
  std::string_view rest = head.path;
  for (auto& part : parts) {
    if (rest.starts_with('/')) rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    part = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (climbs(head.path) || head.method == "TRACE" || !is_name(parts[0], kDigits) ||
      !is_name(parts[1], kRegionLetters) || !is_name(parts[2], kNameLetters)) {
    return {.status = 404,
            .title = "No notebook's address",
            .text = "Addresses of notebooks are /ACCOUNT/REGION/NAME."};
  }
  visit.notebook = {.account = std::string(parts[0]),
                    .region = std::string(parts[1]),
                    .name = std::string(parts[2])};
  visit.base = parts_.sessions.base_path(visit.notebook);
  const auto route = parts_.routes.find(visit.notebook);
  if (!route || !head.path.starts_with(visit.base)) {
    return {.status = 503,
            .title = "The notebook is not running",
            .text =
                "No notebook instance of this name is in service. If it is yours, start it, wait "
                "until it is <code>InService</code>, and open it again."};
  }
  visit.route = *route;
  visit.session = parts_.sessions.session(visit.notebook, visit.route,
                                          cookie_in(head, cookie_name(kCookie, head)));
  return {};
}

NotebookFace::Page NotebookFace::open_session(const http::Exchange& exchange, const Visit& visit,
                                              std::string_view token) {
  const RequestHead& head = exchange.request;
  if (head.method != "GET") {
    return {.status = 405, .title = "Only GET", .text = "A browser opens this address with GET."};
  }
  Page on{.status = 302, .title = "JupyterLab", .text = "", .location = visit.base + "/lab"};
  const auto session = parts_.sessions.open(visit.notebook, visit.route, token);
  if (!session && visit.session) return on;  // the page was loaded again
  record(exchange, visit, session ? session->principal : std::string());
  if (!session) {
    return {.status = 403,
            .title = "This link has expired",
            .text =
                "A link to a notebook is good for five minutes, and until the notebook instance "
                "is stopped. Open it again from the console, or make a new one with "
                "<code>CreatePresignedNotebookInstanceUrl</code>."};
  }
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(session->ends - parts_.clock.now()).count();
  const bool secure = head.tls || parts_.sessions.served_at().starts_with("https://");
  on.cookie =
      cookie_name(kCookie, head) + "=" +
      parts_.sessions.cookie(visit.notebook, visit.route, *session) + "; Path=" + visit.base +
      "; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(seconds) + (secure ? "; Secure" : "");
  return on;
}

// A name that somebody else's DNS points here would be of another origin with our cookies' reach:
// only addresses themselves, and names that are known to be ours.
bool NotebookFace::answers_to(std::string_view authority) const {
  std::string host = host_of(authority);
  if (host == "localhost" || host == host_of(authority_of(parts_.sessions.served_at())))
    return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

bool NotebookFace::is_own_origin(const RequestHead& head) const {
  const auto origin = head.headers.find("Origin");
  if (!origin) return true;  // no browser: those send it wherever it matters
  return equals_ignore_case(*origin, parts_.sessions.served_at()) ||
         equals_ignore_case(authority_of(*origin), head.headers.get("Host"));
}

// Cookies go with requests of other ports of this host too, whatever page sends them.
bool NotebookFace::comes_from_elsewhere(const http::Exchange& exchange) const {
  const RequestHead& head = exchange.request;
  const bool harmless = changes_nothing(head.method) && !exchange.connection.offers_upgrade();
  if (!harmless && !is_own_origin(head)) return true;
  const std::string_view site = head.headers.get("Sec-Fetch-Site");
  if (site != "cross-site" && site != "same-site") return false;
  return !harmless || head.headers.get("Sec-Fetch-Mode") != "navigate";
}

std::vector<std::pair<std::string, std::string>> NotebookFace::fields_for(
    const http::Exchange& exchange, const Visit& visit) const {
  const RequestHead& head = exchange.request;
  const std::string& served_at = parts_.sessions.served_at();
  // JupyterLab compares Origin with Host: a proxy in front may have changed the latter.
  const bool by_its_name = equals_ignore_case(head.headers.get("Origin"), served_at);
  const std::string host(by_its_name ? authority_of(served_at) : head.headers.get("Host"));
  std::string connection, cookies;
  for (const auto& [name, value] : head.headers) {
    if (equals_ignore_case(name, "Connection")) connection += value + ",";
    if (equals_ignore_case(name, "Cookie")) cookies += value + ";";
  }
  std::vector<std::pair<std::string, std::string>> fields{{"Host", host}};
  for (const auto& [name, value] : head.headers) {
    if (!stays_here(name) && !http::is_hop_by_hop(name, connection)) {
      fields.emplace_back(name, value);
    }
  }
  if (cookies = cookies_without(cookies, kCookiesOfOurs); !cookies.empty()) {
    fields.emplace_back("Cookie", cookies);
  }
  const bool https = head.tls || served_at.starts_with("https://");
  fields.emplace_back("Authorization", "token " + visit.route.token);
  fields.emplace_back("X-Forwarded-For", head.peer.substr(0, head.peer.rfind(':')));
  fields.emplace_back("X-Forwarded-Host", host);
  fields.emplace_back("X-Forwarded-Proto", https ? "https" : "http");
  return fields;
}

namespace {

// What the notebook's server says of itself is kept; what it leaves out is added.
void harden(ResponseHead& head) {
  bool html = false, framed = false;
  std::erase_if(head.headers, [](const auto& field) {
    return equals_ignore_case(field.first, "X-Content-Type-Options") ||
           (equals_ignore_case(field.first, "Set-Cookie") &&
            trim(field.second).starts_with(kCookiesOfOurs));
  });
  for (const auto& [name, value] : head.headers) {
    html = html ||
           (equals_ignore_case(name, "Content-Type") && to_lower(value).starts_with("text/html"));
    framed = framed || equals_ignore_case(name, "Content-Security-Policy");
  }
  head.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (html && !framed) {
    head.headers.emplace_back("Content-Security-Policy", "frame-ancestors 'self'");
  }
}

}  // namespace

asio::awaitable<void> NotebookFace::pass_on(http::Exchange& exchange, const Visit& visit) {
  const RequestHead& head = exchange.request;
  http::Passage passage{
      .address = {.host = "notebook", .port = 0, .unix_path = visit.route.unix_path},
      .target = head.query.empty() ? head.path : head.path + "?" + head.query,
      .headers = fields_for(exchange, visit),
      .idle = kIdle,
      .piped = {.idle = kIdle,
                .until =
                    std::chrono::steady_clock::now() + (visit.session->ends - parts_.clock.now())},
      .edit = harden};
  if (equals_ignore_case(head.headers.get("Upgrade"), "websocket")) passage.upgrade = "websocket";
  bool failed = false;
  try {
    co_await http::pass_on(exchange, passage);
  } catch (const http::ClientError& error) {
    spdlog::warn("notebook {}: {}", visit.base, error.what());
    failed = true;
  }
  if (!failed) co_return;
  const Page page{.status = 502,
                  .title = "The notebook does not answer",
                  .text =
                      "Its server may have just ended, or be busy. The log of the notebook "
                      "instance says more."};
  co_await page.send(exchange);
}

void NotebookFace::record(const http::Exchange& exchange, const Visit& visit,
                          std::string_view principal) {
  audit::Event event;
  event.identity = identity_of(principal, visit.notebook.account);
  event.source = "sagemaker.amazonaws.com";
  event.name = "OpenNotebookInstanceSession";
  event.region = visit.notebook.region;
  event.resources.push_back({.arn = "arn:aws:sagemaker:" + visit.notebook.region + ":" +
                                    visit.notebook.account + ":notebook-instance/" +
                                    visit.notebook.name,
                             .type = "AWS::SageMaker::NotebookInstance"});
  event.status = principal.empty() ? 403 : 302;
  if (principal.empty()) {
    event.identity = nullptr;
    event.error_code = "AccessDenied";
    event.error_message = "The token is expired, or not of this notebook";
    event.category = audit::Category::kData;  // anybody can send these
  }
  parts_.record(exchange.request, exchange.request_id, std::move(event));
}

}  // namespace clary::server
