// A payload on its way from the connection to the store.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "api/s3/payload_checks.h"
#include "api/s3/s3.h"
#include "base/body.h"

namespace clary::api::s3 {

// Reads `body` to its end into a writer, which encrypts with `key`, checks it, and calls `commit`
// with the writer. A small payload takes one visit to the worker pool for all of it; of a large
// one, two pieces are in memory, one being read while the other is hashed and written. `commit`
// runs on the pool. Throws what reading, checking and `commit` throw.
boost::asio::awaitable<void> receive(Context& context, BodyReader& body, PayloadChecks& checks,
                                     std::optional<objects::WriteKey> key,
                                     std::function<void(objects::ObjectWriter&)> commit);

}  // namespace clary::api::s3
