// The operations of notebook instances. What starts and stops them is in notebook_controller.h.
#pragma once

#include <initializer_list>

#include "api/kms/key_check.h"
#include "api/sagemaker/notebook_access.h"
#include "api/sagemaker/notebook_storage.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/wake.h"

namespace clary::api::sagemaker {

// What notebook instances need beside the rest; nullptr: this server has none.
struct NotebookParts {
  NotebookAccess* access = nullptr;
  NotebookStorage* storage = nullptr;
  const engine::NotebookRoutes* routes = nullptr;
};

// threads: any. blocks: on the store.
class NotebookInstances {
 public:
  NotebookInstances(Resources& resources, RoleSessions& roles, Wake wake, kms::KeyCheck* keys,
                    const NotebookParts& parts)
      : resources_(resources), roles_(roles), wake_(std::move(wake)), keys_(keys), parts_(parts) {}
  json::object create(const json::object& input, Call& call);
  json::object describe(const json::object& input, Call& call);
  json::object list(const json::object& input, Call& call);
  json::object update(const json::object& input, Call& call);
  json::object remove(const json::object& input, Call& call);
  json::object start(const json::object& input, Call& call);
  json::object stop(const json::object& input, Call& call);
  json::object create_url(const json::object& input, Call& call);

 private:
  NotebookAccess& access() const;
  // What Create and Update name: role, lifecycle configuration, repositories.
  void check_references(const json::object& input, const Call& call);
  // Changes the instance that a request names when its status is one of `from`; otherwise AWS's
  // error about the transition to `to`. `change` may throw before it changed anything.
  void change(const json::object& input, const Call& call,
              std::initializer_list<std::string_view> from, std::string_view to,
              const Resources::Edit& change);

  Resources& resources_;
  RoleSessions& roles_;
  const Wake wake_;
  kms::KeyCheck* const keys_;
  const NotebookParts parts_;
};

}  // namespace clary::api::sagemaker
