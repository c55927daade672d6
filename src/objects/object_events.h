// What happened to objects, for whoever wants to be told: event notifications, controllers.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/strong.h"
#include "objects/object_info.h"

namespace clary::store {
class Connection;
}

namespace clary::objects {

enum class ObjectEventKind {
  kCreatedPut,
  kCreatedPost,
  kCreatedCopy,
  kCreatedMultipart,
  kRemoved,          // bytes are gone for good
  kMarkerCreated,    // hidden behind a delete marker
  kExpired,          // as kRemoved, by a rule of the bucket's lifecycle
  kExpiredByMarker,  // as kMarkerCreated, by a rule of the bucket's lifecycle
  kTagged,
  kUntagged,
  kAclChanged,
  kLockChanged  // retention or legal hold
};

struct ObjectEvent {
  BucketName bucket;
  ObjectKey key;
  std::string version_id;  // "null" where the bucket keeps no versions
  std::uint64_t size = 0;
  std::string etag;
  ObjectEventKind kind = ObjectEventKind::kCreatedPut;
  // Orders the events of one key: greater happened later, also across restarts.
  std::uint64_t sequencer = 0;
  Timestamp time;
  Requester requester;
};

// An observer of a store. threads: any, several at once; events of one key may arrive out of order
// (see `sequencer`).
class ObjectEvents {
 public:
  virtual ~ObjectEvents() = default;
  // Inside the change, on the writer thread, with the connection to objects.db: what must not be
  // lost when the server dies is written here, in the change's own transaction. Must not block and
  // not throw.
  virtual void record(store::Connection&, const ObjectEvent&) {}
  // After the commit, on the thread that asked for the change; readers see the change already.
  // Must not block and not throw.
  virtual void announce(const ObjectEvent& event) = 0;
};

}  // namespace clary::objects
