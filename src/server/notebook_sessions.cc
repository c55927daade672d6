#include "server/notebook_sessions.h"

#include "base/json.h"
#include "base/text.h"
#include "keys/aead.h"

namespace clary::server {
namespace {

// "The URL that you get [...] is valid only for 5 minutes" (CreatePresignedNotebookInstanceUrl).
constexpr std::chrono::minutes kUrlLifetime{5};
// Clocks of one server do not go back, but a restored one may.
constexpr std::chrono::minutes kFutureAllowed{1};

constexpr std::string_view kUrlPurpose = "notebook url", kCookiePurpose = "notebook session";

std::int64_t milliseconds_of(Timestamp time) {
  return time.time_since_epoch().count();
}

std::optional<json::object> opened(keys::Sealer& sealer, std::string_view purpose,
                                   std::string_view hex_text, std::string_view bound) {
  const auto sealed = unhex(hex_text);
  if (!sealed) return std::nullopt;
  const auto text =
      sealer.open(purpose, {reinterpret_cast<const char*>(sealed->data()), sealed->size()}, bound);
  if (!text) return std::nullopt;
  return json::parse(*text).as_object();
}

}  // namespace

std::string NotebookSessions::base_path(const engine::NotebookName& notebook) const {
  return "/" + notebook.account + "/" + notebook.region + "/" + notebook.name;
}

std::string NotebookSessions::url(const engine::NotebookName& notebook) const {
  return url_.substr(url_.find("://") + 3) + base_path(notebook);
}

std::string NotebookSessions::bound_to(const engine::NotebookName& notebook,
                                       const engine::NotebookRoute& route) const {
  std::string bound;
  keys::append_part(bound, base_path(notebook));
  keys::append_part(bound, route.token);
  return bound;
}

std::string NotebookSessions::authorized_url(const engine::NotebookName& notebook,
                                             std::chrono::seconds session,
                                             const std::string& principal) {
  // Without a route it is bound to nothing that a later start could have.
  const auto route = routes_.find(notebook);
  const std::string bound = route ? bound_to(notebook, *route) : std::string();
  const json::object token{{"principal", principal},
                           {"made", milliseconds_of(clock_.now())},
                           {"seconds", session.count()}};
  return url_ + base_path(notebook) +
         "?authToken=" + hex(as_bytes(sealer_.seal(kUrlPurpose, json::serialize(token), bound)));
}

std::optional<NotebookSession> NotebookSessions::open(const engine::NotebookName& notebook,
                                                      const engine::NotebookRoute& route,
                                                      std::string_view token) {
  const auto said = opened(sealer_, kUrlPurpose, token, bound_to(notebook, route));
  if (!said) return std::nullopt;
  const Timestamp made(std::chrono::milliseconds(find_int(*said, "made").value_or(0)));
  const Timestamp now = clock_.now();
  if (now >= made + kUrlLifetime || now + kFutureAllowed < made) return std::nullopt;
  return NotebookSession{
      .principal = string_or(*said, "principal"),
      .ends = now + std::chrono::seconds(find_int(*said, "seconds").value_or(0))};
}

std::string NotebookSessions::cookie(const engine::NotebookName& notebook,
                                     const engine::NotebookRoute& route,
                                     const NotebookSession& session) {
  const json::object said{{"principal", session.principal},
                          {"ends", milliseconds_of(session.ends)}};
  return hex(
      as_bytes(sealer_.seal(kCookiePurpose, json::serialize(said), bound_to(notebook, route))));
}

std::optional<NotebookSession> NotebookSessions::session(const engine::NotebookName& notebook,
                                                         const engine::NotebookRoute& route,
                                                         std::string_view cookie) {
  const auto said = opened(sealer_, kCookiePurpose, cookie, bound_to(notebook, route));
  if (!said) return std::nullopt;
  NotebookSession session{
      .principal = string_or(*said, "principal"),
      .ends = Timestamp(std::chrono::milliseconds(find_int(*said, "ends").value_or(0)))};
  if (clock_.now() >= session.ends) return std::nullopt;
  return session;
}

}  // namespace clary::server
