// Who may look at which notebook, and for how long: the secrets of URLs and cookies. Nothing of
// them is kept; they are sealed, and bound to one start of one notebook.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/sagemaker/notebook_access.h"
#include "base/clock.h"
#include "engine/notebook_routes.h"
#include "keys/sealer.h"

namespace clary::server {

struct NotebookSession {
  std::string principal{};  // ARN of whom it was opened for
  Timestamp ends{};
};

// A token or cookie opens nothing once its notebook was started anew or stopped: the secret of that
// start is bound to it.
// threads: any, after serve_at().
class NotebookSessions final : public api::sagemaker::NotebookAccess {
 public:
  NotebookSessions(const engine::NotebookRoutes& routes, keys::Sealer& sealer, const Clock& clock)
      : routes_(routes), sealer_(sealer), clock_(clock) {}

  // What URLs begin with: "https://notebooks.example:7701". order: before any other member.
  void serve_at(std::string url) { url_ = std::move(url); }
  const std::string& served_at() const { return url_; }

  std::string base_path(const engine::NotebookName& notebook) const override;
  std::string url(const engine::NotebookName& notebook) const override;
  std::string authorized_url(const engine::NotebookName& notebook, std::chrono::seconds session,
                             const std::string& principal) override;

  // What the token of an authorized URL opens; nullopt when it is expired, forged or another's.
  std::optional<NotebookSession> open(const engine::NotebookName& notebook,
                                      const engine::NotebookRoute& route, std::string_view token);
  std::string cookie(const engine::NotebookName& notebook, const engine::NotebookRoute& route,
                     const NotebookSession& session);
  std::optional<NotebookSession> session(const engine::NotebookName& notebook,
                                         const engine::NotebookRoute& route,
                                         std::string_view cookie);

 private:
  std::string bound_to(const engine::NotebookName& notebook,
                       const engine::NotebookRoute& route) const;

  const engine::NotebookRoutes& routes_;
  keys::Sealer& sealer_;
  const Clock& clock_;
  std::string url_;
};

}  // namespace clary::server
