// When a version may not be deleted. Source: "Locking objects with Object Lock", Amazon S3 user
// guide.
#pragma once

#include "objects/object_info.h"

namespace clary::objects {

// A legal hold, or a retention that still runs; `bypass_governance` overrules the weaker mode.
bool is_locked(const ObjectLock& lock, Timestamp now, bool bypass_governance);

// Whether the retention (mode and time, not the legal hold) may become `wanted`: one that runs can
// be prolonged, and anything else only in governance mode with the bypass.
bool may_retain(const ObjectLock& lock, const ObjectLock& wanted, Timestamp now,
                bool bypass_governance);

// The lock of a new version: what was asked for, the rest from the bucket's default.
ObjectLock lock_of_new(const ObjectLock& asked, const DefaultRetention& retention, Timestamp now);

}  // namespace clary::objects
