// Objects that the server itself writes on behalf of an execution role: a PutObject as the gateway
// would run it for a session of that role (policies of the role, the bucket and the key, the
// bucket's encryption, notifications, the audit log), without a connection and a signature.
#pragma once

#include <boost/asio/io_context.hpp>
#include <mutex>
#include <string>

#include "server/role_calls.h"

namespace clary::server {

// threads: any; one put at a time. blocks. order: destroyed after the worker pool is stopped, which
// may still be handing back a put's last piece of work.
class RoleObjects {
 public:
  using Parts = RoleCallParts;
  explicit RoleObjects(const Parts& parts) : parts_(parts) {}

  struct Object {
    std::string account, region, role;  // ARN of the role
    std::string bucket, key;
    std::string content_type;
    std::string kms_key;  // ARN; "" leaves encryption to the bucket
  };
  // errors: ApiError in S3's words (AccessDenied too when the role cannot be assumed), Overloaded,
  // StorageError.
  void put(const Object& object, const std::string& body);

 private:
  unsigned run(const KnownOperation& operation, json::object input, const api::Call& call,
               const std::string& body);

  const Parts parts_;
  std::mutex mutex_;
  boost::asio::io_context context_;  // guarded by mutex_
};

}  // namespace clary::server
